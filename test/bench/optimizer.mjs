// Processor time of one update for each element: the WebAssembly kernels, JavaScript, and PyTorch's fused optimizers where it is installed.
// One thread each, each in a process of its own, in turn. Writes bench/out/optimizer.json.
//
//   node test/bench/optimizer.mjs [--elements 1000000,20000000] [--optimizers adam,adamw,momentum,lion] [--rounds 5] [--torch]
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createOptimizer } from '@tributary/engine';
import { activity, machine } from './engine/machine.mjs';
import { median } from './engine/statistics.mjs';

const self = fileURLToPath(import.meta.url);
const peer = fileURLToPath(new URL('./peers/optimizer.py', import.meta.url));

const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const specs = {
  adam: { kind: 'adam', ...adam },
  adamw: { kind: 'adamw', ...adam, weightDecay: 0.01 },
  momentum: { kind: 'sgd', learningRate: 1e-3, momentum: 0.9, nesterov: false },
  lion: { kind: 'lion', learningRate: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0.01 },
};
/** PyTorch has no Lion. */
const inTorch = ['adam', 'adamw', 'momentum'];

/** Milliseconds of processor time of each update (not of waiting for a busy machine), the first three (compilation, first touch of memory) left out. */
function updateTimes(way, name, elements, updates) {
  const optimizer = createOptimizer(specs[name], { kind: 'constant' }, updates, way);
  const vectors = optimizer.allocate(new Array(2 * (1 + optimizer.slots.length)).fill(elements));
  let [now, next] = [vectors.slice(0, vectors.length / 2), vectors.slice(vectors.length / 2)];
  // As in training, the gradient comes from elsewhere, and all weights but the first tenth decay.
  const gradient = Float32Array.from({ length: elements }, (_, i) => ((i * 7919) % 1009) / 1e5 - 5e-3);
  const decayed = [{ offset: Math.floor(elements / 10), size: elements - Math.floor(elements / 10) }];
  now[0].forEach((_, i, parameters) => {
    parameters[i] = ((i * 104729) % 997) / 997 - 0.5;
  });
  const times = [];
  for (let step = 0; step < updates + 3; step++) {
    const [parameters, ...state] = now;
    const [nextParameters, ...nextState] = next;
    const began = process.cpuUsage();
    optimizer.apply({ step, parameters, gradient, state, nextParameters, nextState, decayed });
    const { user, system } = process.cpuUsage(began);
    times.push((user + system) / 1_000);
    [now, next] = [next, now];
  }
  return times.slice(3);
}

const { values } = parseArgs({
  options: {
    elements: { type: 'string', default: '1000000,20000000' },
    optimizers: { type: 'string', default: 'adam,adamw,momentum,lion' },
    rounds: { type: 'string', default: '5' },
    torch: { type: 'boolean', default: false },
    contestant: { type: 'string' },
    updates: { type: 'string' },
  },
});

if (values.contestant !== undefined) {
  const times = updateTimes(values.contestant, values.optimizers, Number(values.elements), Number(values.updates));
  console.log(JSON.stringify(times));
  process.exit(0);
}

/** `--torch` installs PyTorch (3 GB) where it is not yet; see `make bench-engine`. */
async function torchPython() {
  const { benchPython } = await import('@tributary/devstack');
  return benchPython({ report: console.log });
}

const python = values.torch ? await torchPython() : null;
const environment = { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
const contestants = {
  wasm: (...of) => [process.execPath, self, '--contestant', 'auto', ...of],
  javascript: (...of) => [process.execPath, self, '--contestant', 'javascript', ...of],
  torch_fused: (...of) => [python, peer, ...of],
};
const cases = [];
for (const elements of values.elements.split(',').map(Number)) {
  const updates = String(Math.max(10, Math.min(200, Math.round(1e8 / elements))));
  for (const optimizer of values.optimizers.split(',')) {
    const names = ['wasm', 'javascript', ...(python && inTorch.includes(optimizer) ? ['torch_fused'] : [])];
    const rounds = Object.fromEntries(names.map((name) => [name, []]));
    const { busy } = await activity();
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const name of names) {
        const line = contestants[name]('--optimizers', optimizer, '--elements', String(elements), '--updates', updates);
        const out = execFileSync(line[0], line.slice(1), {
          env: environment,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        rounds[name].push((median(JSON.parse(out.trim().split('\n').at(-1))) * 1e6) / elements);
      }
    }
    const ns = Object.fromEntries(names.map((name) => [name, median(rounds[name])]));
    // Round by round, one after the other: noise that both met falls out.
    const against = (name) => median(rounds[name].map((value, i) => value / rounds.wasm[i]));
    const ratio = Object.fromEntries(names.slice(1).map((name) => [`ratio_vs_${name}`, against(name)]));
    cases.push({
      name: `${optimizer}-${elements}`,
      optimizer,
      elements,
      ns_per_element: ns,
      ...ratio,
      others_busy: busy,
    });
    const shown = names.map((name) => `${name} ${ns[name].toFixed(2)}`).join('   ');
    const ratios = names.slice(1).map((name) => `${against(name).toFixed(2)} x ${name}`);
    const noise = busy > 0.1 ? `   (others used ${Math.round(100 * busy)} % of the machine)` : '';
    console.log(`${optimizer} ${elements / 1e6} M, ns an element:   ${shown}   speed: ${ratios.join(', ')}${noise}`);
  }
}
mkdirSync('bench/out', { recursive: true });
writeFileSync('bench/out/optimizer.json', `${JSON.stringify({ machine: machine(), cases }, null, 2)}\n`);
