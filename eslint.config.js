// One rule alone: Biome covers the rest, but misses some promises that nobody awaits.
import tseslint from 'typescript-eslint';

export default tseslint.config({
  files: ['packages/*/src/**/*.ts', 'services/*/src/**/*.ts', 'test/**/*.ts'],
  ignores: ['**/dist/**'],
  plugins: { '@typescript-eslint': tseslint.plugin },
  languageOptions: { parser: tseslint.parser, parserOptions: { project: ['./tsconfig.test.json', './packages/*/tsconfig.json', './services/*/tsconfig.json'] } },
  rules: { '@typescript-eslint/no-floating-promises': 'error' },
});
