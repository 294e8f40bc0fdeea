// One rule alone: Biome covers the rest, but misses some promises that nobody awaits.
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/**'] },
  {
    files: ['packages/*/src/**/*.ts', 'services/*/src/**/*.{ts,tsx}', 'test/**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      // One program for nearly all: one for each package would need more memory than Node takes unasked.
      parserOptions: { project: ['./tsconfig.lint.json', './services/console/tsconfig.json'] },
    },
    rules: { '@typescript-eslint/no-floating-promises': 'error' },
  },
);
