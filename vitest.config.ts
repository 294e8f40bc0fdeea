import { defineConfig } from 'vitest/config';

/** Tests that need servers at most, and no workers that train: two files at a time. */
const parts = [
  'packages/*/src/**/*.test.ts',
  'services/*/src/**/*.test.ts',
  'test/{api,cli}/**/*.test.ts',
  'test/{alerts,chaos-schedule,dashboard-types}.test.ts',
];

export default defineConfig({
  test: {
    // Temporal's native bridge and the TensorFlow addon dislike worker threads.
    pool: 'forks',
    reporters: ['default', './test/support/closing-line.ts'],
    globalSetup: ['test/kernels.setup.ts', 'test/servers.setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: parts,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // Each file of these has a whole installation's processes, enough for any machine.
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', 'test/bench/**', 'test/chaos/**', ...parts],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
