// Time of one all-reduce between processes over a local nats-server: the exchange, and a naive one without flow control,
// reliability, fixed order or Gram matrix. Usage: node test/bench/all-reduce.mjs [--processes 2,4] [--mb 4.7,20] [--steps 30]
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from '@nats-io/transport-node';
import { GradientExchange, natsTransport, weightedCombiner } from '@tributary/collectives';
import { leaveTestServers, testServers } from '@tributary/testing';

const self = fileURLToPath(import.meta.url);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** One member of the exchange: times from the contribution to the result. */
async function exchangeMember({ member, size, elements, steps, subject, connection }) {
  const transport = await natsTransport({ connection, subject, self: member, size });
  const lanes = Array.from({ length: size }, (_, lane) => ({ lane, task: 'bench', replica: lane, replicas: size }));
  const members = lanes.map(({ lane }) => ({ member: lane, worker: `w${lane}`, lanes: [lane] }));
  const exchange = new GradientExchange(
    {
      self: member,
      members,
      lanes,
      sharedElements: elements,
      taskElements: { bench: 1 },
      clipNorm: null,
      codec: 'fp32',
      combiner: weightedCombiner([1]),
      combinerName: 'weighted',
    },
    { transport },
  );
  const shared = Float32Array.from({ length: elements }, (_, i) => ((member + 1) * (i % 100)) / 100);
  const task = new Float32Array(1);
  const times = [];
  const phases = { gradients: [], gram: [], combined: [] };
  for (let step = 0; step < steps; step++) {
    const began = performance.now();
    const current = exchange.step(step, 0);
    current.contribute({ lane: member, loss: 1, tokens: 1, shared, task });
    const result = await current.result();
    times.push(performance.now() - began);
    for (const phase of Object.keys(phases)) phases[phase].push(result.phasesMs[phase]);
    const expected = Math.fround((0.99 * (size + 1)) / 2);
    if (elements > 99 && Math.abs(result.shared[99] - expected) > 1e-6)
      throw new Error(`element 99 is ${result.shared[99]}`);
  }
  await exchange.close();
  return { times, phases, counters: exchange.counters };
}

/** One member of the naive exchange: pushes everything at once and sums in the order of arrival. */
async function naiveMember({ member, size, elements, steps, subject, connection }) {
  const chunk = 1 << 17;
  const low = (m) => Math.floor((elements * m) / size);
  const gradient = Float32Array.from({ length: elements }, (_, i) => ((member + 1) * (i % 100)) / 100);
  const sum = new Float32Array(low(member + 1) - low(member));
  const result = new Float32Array(elements);
  const got = { scatter: 0, gather: 0, ready: 0 };
  let wake = () => undefined;
  const until = async (what, count) => {
    while (got[what] < count)
      await new Promise((resolve, reject) => {
        // It never recovers from a lost message (above the broker's max_pending there are some).
        const timer = setTimeout(() => reject(new Error('lost a message')), 20_000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
  };
  const floats = (data) => new Float32Array(new Uint8Array(data).buffer);
  const listen = (name, take) =>
    connection.subscribe(`${subject}.${name}`, {
      callback: (_, message) => {
        take(message.subject.split('.').slice(-2).map(Number), message.data);
        wake();
      },
    });
  listen(`scatter.${member}.*.*`, ([, at], data) => {
    const values = floats(data);
    for (let i = 0; i < values.length; i++) sum[at + i] += values[i];
    got.scatter += values.length;
  });
  listen('gather.*.*', ([from, at], data) => {
    if (from === member) return;
    const values = floats(data);
    result.set(values, low(from) + at);
    got.gather += values.length;
  });
  listen('ready.*.*', () => {
    got.ready += 1;
  });
  await connection.flush();
  const bytes = (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const times = [];
  // All subscriptions first: everyone greets until everyone was heard by everyone.
  const heard = new Set();
  const heardByAll = new Set();
  listen('hello.*.*', ([all, from]) => {
    heard.add(from);
    if (all === 1) heardByAll.add(from);
  });
  while (heardByAll.size < size) {
    connection.publish(`${subject}.hello.${heard.size === size ? 1 : 0}.${member}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  connection.publish(`${subject}.hello.1.${member}`);
  for (let step = 0; step < steps; step++) {
    connection.publish(`${subject}.ready.1.${member}`);
    await until('ready', size * (step + 1));
    const began = performance.now();
    sum.set(gradient.subarray(low(member), low(member + 1)));
    for (let d = 1; d < size; d++) {
      const to = (member + d) % size;
      for (let at = low(to); at < low(to + 1); at += chunk)
        connection.publish(
          `${subject}.scatter.${to}.${member}.${at - low(to)}`,
          bytes(gradient.subarray(at, Math.min(at + chunk, low(to + 1)))),
        );
    }
    await until('scatter', (size - 1) * sum.length * (step + 1));
    for (let at = 0; at < sum.length; at += chunk)
      connection.publish(`${subject}.gather.${member}.${at}`, bytes(sum.subarray(at, at + chunk)));
    result.set(sum, low(member));
    await until('gather', (elements - sum.length) * (step + 1));
    times.push(performance.now() - began);
  }
  return { times };
}

async function runMember(options) {
  const { natsUrl, natsUser, natsPassword } = await testServers();
  const connection = await connect({ servers: natsUrl, user: natsUser, pass: natsPassword });
  const before = process.cpuUsage();
  const outcome = await (options.kind === 'exchange' ? exchangeMember : naiveMember)({ ...options, connection });
  const { user, system } = process.cpuUsage(before);
  await connection.close();
  process.send({ ...outcome, cpuMs: (user + system) / 1000 / options.steps }, () => process.disconnect());
}

function measure(kind, size, mb, steps) {
  const subject = `tributary.bench.exchange.${randomUUID()}.1.1`;
  const elements = Math.round((mb * 1e6) / 4);
  const members = Array.from({ length: size }, (_, member) => {
    const child = fork(self, ['--member', JSON.stringify({ kind, member, size, elements, steps, subject })]);
    return new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => code !== 0 && reject(new Error(`member ${member} ended with code ${code}`)));
    });
  });
  return Promise.all(members);
}

const { values } = parseArgs({
  options: {
    member: { type: 'string' },
    processes: { type: 'string', default: '2,4' },
    mb: { type: 'string', default: '4.7,20' },
    steps: { type: 'string', default: '30' },
  },
});

if (values.member !== undefined) {
  await runMember(JSON.parse(values.member));
} else {
  await testServers();
  const warmUp = 5;
  const cases = [];
  console.log(
    'processes    MB   exchange ms   naive ms   (CPU ms a step)  (gradients + gram + combined)   asked again',
  );
  for (const size of values.processes.split(',').map(Number)) {
    for (const mb of values.mb.split(',').map(Number)) {
      const steps = Number(values.steps) + warmUp;
      const [exchange] = await measure('exchange', size, mb, steps);
      const [naive] = await measure('naive', size, mb, steps).catch(() => [null]);
      const ms = median(exchange.times.slice(warmUp));
      const naiveMs = naive === null ? null : median(naive.times.slice(warmUp));
      const phases = Object.values(exchange.phases).map((times) => median(times.slice(warmUp)));
      cases.push({
        processes: size,
        mb,
        codec: 'fp32',
        ms,
        naive_ms: naiveMs,
        cpu_ms: exchange.cpuMs,
        naive_cpu_ms: naive?.cpuMs ?? null,
      });
      console.log(
        `${String(size).padStart(9)} ${String(mb).padStart(5)} ${ms.toFixed(1).padStart(13)} ${(naiveMs?.toFixed(1) ?? 'lost').padStart(10)}   ${`${exchange.cpuMs.toFixed(0)} / ${naive?.cpuMs.toFixed(0) ?? '-'}`.padStart(15)}   ${phases
          .map((phase) => phase.toFixed(1))
          .join(' + ')
          .padStart(29)} ${String(exchange.counters.asksRepeated).padStart(13)}`,
      );
    }
  }
  mkdirSync('bench/out', { recursive: true });
  const machine = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version };
  writeFileSync('bench/out/all-reduce.json', `${JSON.stringify({ machine, cases }, null, 2)}\n`);
  await leaveTestServers();
}
