// One rule alone: Biome covers the rest, but misses some promises that nobody awaits.
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/**'] },
  {
    files: ['packages/*/src/**/*.ts', 'services/*/src/**/*.{ts,tsx}', 'test/**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: ['./tsconfig.test.json', './packages/*/tsconfig.json', './services/*/tsconfig.json'] },
    },
    rules: { '@typescript-eslint/no-floating-promises': 'error' },
  },
);
