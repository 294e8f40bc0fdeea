/**
 * A training step of Tributary's engine beside PyTorch and op-by-op TensorFlow.js: same model, parameters, batch, precision,
 * threads and optimizer, each in a process of its own, in turn. Writes bench/out/engine.json.
 *
 *   node test/bench/engine.mjs [--cases gru-small,gru-large-bf16] [--threads 1,2] [--rounds 5] [--skip-compile] [--patience 60] [--list]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchPython, cacheFolder } from '@tributary/devstack';
import { backendEnvironment } from '@tributary/engine';
import { cases, tokensOf } from './engine/cases.mjs';
import { activity, disturbing, machine, quiet } from './engine/machine.mjs';
import { race } from './engine/race.mjs';
import { roofline } from './engine/roofline.mjs';
import { printTable } from './engine/table.mjs';

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    threads: { type: 'string', default: String(machine().cores) },
    rounds: { type: 'string', default: '5' },
    'skip-compile': { type: 'boolean', default: false },
    // Seconds to wait, before a case, for other programs to leave the processors.
    patience: { type: 'string', default: '60' },
    list: { type: 'boolean', default: false },
    out: { type: 'string', default: 'bench/out/engine.json' },
  },
});
const wanted = values.cases?.split(',');
const chosen = cases.filter(({ name, group }) => wanted?.some((each) => each === name || each === group) ?? true);
if (values.list || chosen.length === 0) {
  console.log(cases.map(({ name, title }) => `${name.padEnd(36)} ${title}`).join('\n'));
  process.exit(values.list ? 0 : 2);
}

const report = (line) => console.log(line);
const python = await benchPython({ report });
const inductor = join(cacheFolder(), 'torch-inductor');

/** PyTorch in both modes, each in every form that may be its best; TensorFlow.js has no bf16. */
function contestantsOf({ family, precision, sizes }) {
  const forms = family === 'gru' ? ['modules', 'products'] : ['modules'];
  const torch = (mode, usually) =>
    forms.map((form) => ({ id: `torch-${mode}-${form}`, program: 'torch', mode, form, usually }));
  return [
    { id: 'tributary', program: 'tributary', usually: '1 to 10 s' },
    ...torch('eager', '3 s'),
    ...(values['skip-compile'] ? [] : torch('compile', '1 to 2 minutes, less once cached')),
    ...(precision === 'float32' && (sizes.dropout ?? 0) === 0
      ? [{ id: 'tfjs-eager', program: 'tfjs', usually: '2 s' }]
      : []),
  ];
}

/** The fastest of the contestants whose name begins so. */
function best(contestants, prefix) {
  const found = Object.entries(contestants).filter(([id]) => id.startsWith(prefix));
  return found.sort(([, a], [, b]) => a.ms - b.ms)[0];
}

const results = [];
const rooflines = {};
const parametersFolder = mkdtempSync(join(tmpdir(), 'tributary-bench-engine-'));
try {
  for (const threads of values.threads.split(',').map(Number)) {
    const environment = {
      ...backendEnvironment({ device: 'cpu', threads }),
      MKL_NUM_THREADS: String(threads),
      TORCHINDUCTOR_CACHE_DIR: inductor,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const before = await activity();
    report(
      `machine: ${machine().processor}, ${machine().cores} cores; ${threads} threads; load ${before.load.toFixed(2)}`,
    );
    rooflines[threads] = await roofline({ python, threads, environment, report });
    for (const benchCase of chosen) {
      const idle = await quiet(benchCase.name, Number(values.patience), report);
      const outcome = await race(benchCase, {
        python,
        threads,
        rounds: Number(values.rounds),
        contestants: contestantsOf(benchCase),
        environment,
        parameters: join(parametersFolder, benchCase.name),
        report,
      });
      results.push(resultOf(benchCase, threads, idle, outcome));
      printTable([results.at(-1)], report);
      write();
    }
  }
} finally {
  rmSync(parametersFolder, { recursive: true, force: true });
}

function resultOf(benchCase, threads, idle, { absent, contestants, others }) {
  const own = contestants.tributary;
  const peak = rooflines[threads][benchCase.precision];
  const ratio = (prefix) => best(contestants, prefix)?.[1].against.ratio ?? null;
  return {
    name: benchCase.name,
    title: benchCase.title,
    threads,
    ms: own?.ms ?? null,
    ms_span: own ? [own.lowest, own.highest] : null,
    tokens_per_s: own ? (1000 * tokensOf(benchCase)) / own.ms : null,
    ratio_vs_torch_eager: ratio('torch-eager'),
    ratio_vs_torch_compile: ratio('torch-compile'),
    ratio_vs_tfjs_eager: ratio('tfjs-eager'),
    roofline_fraction: own && peak ? benchCase.productFlops / (own.ms / 1000) / (peak.gflops * 1e9) : null,
    first_step_s: own?.first_step_s ?? null,
    product_gflop: benchCase.productFlops / 1e9,
    // Shares of all processors that programs outside this comparison used, before it and during its rounds.
    others_before: idle.busy,
    others_during: others,
    disturbed: Math.max(idle.busy, others) > disturbing,
    contestants,
    absent,
  };
}

/** Writes what there is so far: an interrupted comparison keeps its finished cases. */
function write() {
  mkdirSync(dirname(values.out), { recursive: true });
  const measured = { machine: { ...machine(), roofline_gflops: rooflines }, cases: results };
  writeFileSync(values.out, `${JSON.stringify(measured, null, 2)}\n`);
}

printTable(results, report);
report(`written to ${values.out}`);
