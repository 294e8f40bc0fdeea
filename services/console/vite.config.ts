import { defineConfig } from 'vite';

/** The console is part of the API: it is built into its folder and served from there. */
export default defineConfig({
  base: '/console/',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    outDir: '../api/dist/console',
    emptyOutDir: true,
    target: 'es2023',
    // No data: addresses for scripts or styles, and none that the page must evaluate.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
