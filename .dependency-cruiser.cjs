// A package imports only lower levels (README, "Packages"); workflow-safe packages import only workflow-safe ones.
const levels = [
  ['protocol', 'random'],
  ['config', 'filter', 'presentation', 'quality'],
  ['planner', 'telemetry', 'layout', 'dashboards'],
  ['workflows', 'engine', 'collectives', 'datasets', 'run-store', 'checkpoints', 'service-runtime'],
  ['models', 'corpora'],
  ['trainer', 'devstack'],
  ['testing'],
];
const workflowSafe = ['protocol', 'config', 'random', 'planner', 'workflows', 'quality'];
const sources = (names) => `^packages/(${names.join('|')})/src/`;
const folders = (names) => `^packages/(${names.join('|')})/`;
const test = '\\.(test|fixture)\\.ts$';

const climbing = levels.flatMap((names, level) =>
  names.map((name) => ({
    name: `level-${level}-${name}`,
    comment: `packages/${name} may import levels below ${level} only`,
    severity: 'error',
    from: { path: sources([name]), pathNot: test },
    to: {
      path: `${folders(
        levels
          .slice(level)
          .flat()
          .filter((other) => other !== name),
      )}|^services/`,
    },
  })),
);

module.exports = {
  forbidden: [
    ...climbing,
    {
      name: 'testing-in-tests-only',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: `${test}|/test/|^packages/testing/` },
      to: { path: folders(['testing']) },
    },
    {
      name: 'workflow-safe',
      comment: 'These run inside the Temporal workflow sandbox',
      severity: 'error',
      from: { path: sources(workflowSafe), pathNot: test },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'services-stand-alone',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'resolvable',
      comment: 'Run "make build" first',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};
