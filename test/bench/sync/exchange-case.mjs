import { createCombiner, exchangeVectorBytes, GradientExchange, vectorMemory } from '@tributary/collectives';
import { checkCombination } from './gradients.mjs';
import { openTransport } from './open-transport.mjs';

/** One task with a lane in every process, or as many tasks as processes with a lane each. */
function lanesOf({ tasks }, size) {
  return Array.from({ length: size }, (_, lane) =>
    tasks === 1
      ? { lane, task: 'bench', replica: lane, replicas: size }
      : { lane, task: `bench-${lane}`, replica: 0, replicas: 1 },
  );
}

/** Opens the exchange as a trainer does; the gradient lies where the trainer's lie. */
export async function openExchange(context, benchCase) {
  const { member, size, elements } = context;
  const { codec, combiner } = benchCase;
  const lanes = lanesOf(benchCase, size);
  const names = [...new Set(lanes.map(({ task }) => task))];
  const transport = await openTransport(context);
  const options = {
    self: member,
    members: lanes.map(({ lane }) => ({ member: lane, worker: `w${lane}`, lanes: [lane] })),
    lanes,
    sharedElements: elements,
    taskElements: Object.fromEntries(names.map((name) => [name, 1])),
    clipNorm: null,
    codec,
    combiner: createCombiner({ kind: combiner }, { taskWeights: names.map(() => 1), seed: 1 }),
    combinerName: combiner,
  };
  const memory = vectorMemory(exchangeVectorBytes(options) + 4 * elements);
  const exchange = new GradientExchange({ ...options, memory }, { transport });
  const gradient = memory.float32(elements);
  const task = new Float32Array(1);
  let step = 0;
  let result = null;
  const phases = [];
  return {
    gradient,
    async step() {
      step += 1;
      const current = exchange.step(step, 0);
      current.contribute({ lane: member, loss: 1, tokens: 1, shared: gradient, task });
      result = await current.result();
      phases.push(result.phasesMs);
    },
    about: () => ({
      payload_bytes: result.bytesSent,
      phases: phases.splice(0),
      counters: { ...exchange.counters },
      coefficients: [...result.coefficients],
    }),
    check() {
      const coefficients = names.length === 1 ? lanes.map(() => 1 / size) : [...result.coefficients];
      checkCombination(result.shared, coefficients, codec, `${codec} ${combiner}, member ${member}`);
    },
    close: () => exchange.close(),
  };
}
