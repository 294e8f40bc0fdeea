import type { CombinerSpec } from '@tributary/config';
import { describe, expect, it } from 'vitest';
import type { CombinerInput } from '../combiner.js';
import { createCombiner } from './create-combiner.js';
import { ascending, combined, gradients, gramOf, inputOf, length, type Vectors } from './random-vectors.fixture.js';

const parameters: Record<CombinerSpec['kind'], object> = {
  weighted: {},
  pcgrad: {},
  gradvac: { beta: 0.01 },
  mgda: {},
  cagrad: { c: 0.4 },
  'imtl-g': {},
  'aligned-mtl': { scale: 'min' },
  'nash-mtl': {},
  upgrad: {},
  gradnorm: { alpha: 1.5, lr: 0.025 },
  'db-mtl': {},
  uncertainty: { lr: 0.001 },
  dwa: { temperature: 2, window: 2 },
  'imtl-l': { lr: 0.001 },
  stch: { mu: 0.1 },
  famo: { lr: 0.025, decay: 0.001 },
};
const kinds = (Object.keys(parameters) as CombinerSpec['kind'][]).map((kind) => ({ kind }));
const specOf = (kind: CombinerSpec['kind']) => ({ kind, groups: 'all', ...parameters[kind] }) as CombinerSpec;
const combinerOf = (kind: CombinerSpec['kind'], taskCount = 8) =>
  createCombiner(specOf(kind), { taskWeights: new Array<number>(taskCount).fill(1), seed: 3 });
const weightsOf = (kind: CombinerSpec['kind'], vectors: Vectors, losses = ascending(vectors.length)) => [
  ...combinerOf(kind)(inputOf(vectors, losses)).weights,
];
const thirds = [1 / 3, 1 / 3, 1 / 3].map((part) => expect.closeTo(part, 12));

/** The weight of a zero gradient beside two that conflict, of three tasks, where the kind looks at gradients. */
const besideZero: Partial<Record<CombinerSpec['kind'], number>> = {
  weighted: 1 / 3,
  pcgrad: 1 / 3,
  gradvac: 1 / 3,
  mgda: 1,
  cagrad: 1 / 3,
  'imtl-g': 0,
  'aligned-mtl': 0,
  'nash-mtl': 0,
  upgrad: 1 / 3,
  'db-mtl': 0,
};

/** Deep-freezes what can be; typed arrays are compared instead. */
function frozen(input: CombinerInput): CombinerInput {
  Object.freeze(input.tasks);
  for (const values of Object.values(input.state)) Object.freeze(values);
  Object.freeze(input.state);
  return Object.freeze(input);
}

describe.each(kinds)('$kind', ({ kind }) => {
  it('is pure: same input, same output, nothing changed', () => {
    const combine = combinerOf(kind, 5);
    let state = {};
    for (let step = 1; step <= 6; step++) {
      const input = frozen(inputOf(gradients(5, step), ascending(5), { state, step }));
      const [gram, losses] = [input.gram.slice(), input.losses.slice()];
      const before = JSON.stringify(input.state);
      const first = combine(input);
      const again = combinerOf(kind, 5)(input);
      expect(again).toEqual(first);
      expect(input.gram).toEqual(gram);
      expect(input.losses).toEqual(losses);
      expect(JSON.stringify(input.state)).toBe(before);
      state = JSON.parse(JSON.stringify(first.state));
      expect(state).toEqual(first.state);
    }
  });

  it('has the weight 1 for one task, whatever its gradient and loss', () => {
    for (const vector of [
      [3, 4],
      [0, 0],
      [1e-12, 0],
      [1e12, 1],
    ])
      for (const loss of [2, 0, -1, 1e-12, 1e12]) expect(weightsOf(kind, [vector], [loss])).toEqual([1]);
  });

  it('has finite weights where all gradients are zero', () => {
    const weights = weightsOf(
      kind,
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      [2, 2, 2],
    );
    expect(weights).toEqual(thirds);
  });

  it('takes equal gradients with equal losses at equal weights', () => {
    const vector = [1, -2, 0.5];
    const weights = weightsOf(kind, [vector, vector, vector], [2, 2, 2]);
    const expected = kind === 'cagrad' ? 1.4 / 3 : 1 / 3;
    for (const weight of weights) expect(weight).toBeCloseTo(expected, 9);
  });

  it('has finite weights, and no step up the sum of two opposite gradients', () => {
    const weights = weightsOf(
      kind,
      [
        [1, -2],
        [-1, 2],
      ],
      [2, 2],
    );
    expect(weights.every(Number.isFinite)).toBe(true);
    expect(
      length(
        combined(
          [
            [1, -2],
            [-1, 2],
          ],
          weights,
        ),
      ),
    ).toBeLessThan(1e-9);
  });

  it('has finite weights beside a zero gradient', () => {
    const weights = weightsOf(kind, [
      [1, 0],
      [0, 0],
      [-0.5, 1],
    ]);
    expect(weights.every((weight) => Number.isFinite(weight) && Math.abs(weight) < 100)).toBe(true);
    const expected = besideZero[kind];
    if (expected !== undefined) expect(weights[1]).toBeCloseTo(expected, 12);
  });

  it('answers dependent gradients', () => {
    // Three in a plane, one of them twice.
    const vectors = [
      [1, 0, 0],
      [0, 1, 0],
      [-1, -0.5, 0],
      [1, 0, 0],
    ];
    const weights = weightsOf(kind, vectors);
    expect(weights.every((weight) => Number.isFinite(weight) && Math.abs(weight) < 100)).toBe(true);
  });

  it('answers gradients 24 decades apart', () => {
    for (let trial = 0; trial < 10; trial++) {
      const vectors = gradients(4, trial).map((vector, i) =>
        vector.map((part) => part * (10 ** (8 * ((i + trial) % 4) - 12) / length(vector))),
      );
      const losses = [1e-12, 1, 1e12, 1e-3];
      const weights = weightsOf(kind, vectors, losses);
      expect(weights.every(Number.isFinite)).toBe(true);
      const update = combined(vectors, weights);
      expect(length(update)).toBeLessThan(1e14);
    }
  });

  it('has the same weights for gradients of any common scale', () => {
    const vectors = gradients(5, 2);
    const weights = weightsOf(kind, vectors);
    for (const scale of [2 ** -40, 2 ** 40]) {
      weightsOf(
        kind,
        vectors.map((vector) => vector.map((part) => part * scale)),
      ).forEach((weight, i) => {
        expect(weight).toBeCloseTo(weights[i] as number, 9);
      });
    }
  });

  it('follows the tasks when they change places', () => {
    if (kind === 'pcgrad' || kind === 'gradvac') return; // The order of projections is drawn by place.
    const vectors = gradients(5, 3);
    const losses = ascending(5);
    const places = [3, 0, 4, 1, 2];
    const weights = weightsOf(kind, vectors, losses);
    const moved = weightsOf(
      kind,
      places.map((at) => vectors[at] as number[]),
      places.map((at) => losses[at] as number),
    );
    moved.forEach((weight, i) => {
      expect(weight).toBeCloseTo(weights[places[i] as number] as number, 7);
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'has no weights, and no new state, with %s',
    (bad) => {
      const good = combinerOf(kind)(inputOf(gradients(3, 1), ascending(3)));
      const input = inputOf(gradients(3, 2), ascending(3), { state: good.state, step: 2 });
      for (const at of [0, 1, 8]) {
        const gram = input.gram.slice();
        gram[at] = bad;
        const output = combinerOf(kind)({ ...input, gram });
        expect([...output.weights]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
        expect(output.state).toBe(input.state);
      }
      const output = combinerOf(kind)({ ...input, losses: Float64Array.of(1, bad, 1) });
      expect([...output.weights]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      expect(output.state).toBe(input.state);
    },
  );

  it('answers losses that are zero or below', () => {
    const combine = combinerOf(kind, 3);
    let state = {};
    for (const [step, losses] of [
      [0, 0, 0],
      [-1, 2, 0],
      [1, 2, 3],
      [0, -5, 1e-30],
    ].entries()) {
      const output = combine(inputOf(gradients(3, step), losses, { state, step: step + 1 }));
      state = output.state;
      expect(output.weights.every(Number.isFinite)).toBe(true);
    }
  });

  it('keeps the state of absent tasks', () => {
    const combine = combinerOf(kind, 4);
    let state = combine(inputOf(gradients(4, 1), ascending(4))).state;
    state = combine(inputOf(gradients(4, 2), [2, 2, 2, 2], { state, step: 2 })).state;
    const output = combine(inputOf(gradients(2, 3), [3, 1], { tasks: [0, 2], taskCount: 4, state, step: 3 }));
    expect(output.weights).toHaveLength(2);
    for (const [name, values] of Object.entries(output.state)) {
      const before = state[name] as readonly number[];
      expect(values).toHaveLength(before.length);
      const absent = (at: number) =>
        before.length === 4 ? at % 2 === 1 : (at % 4) % 2 === 1 || Math.floor(at / 4) % 2 === 1;
      values.forEach((value, at) => {
        if (absent(at)) expect(value).toBe(before[at]);
      });
    }
  });

  it('begins with tasks that were absent so far', () => {
    const combine = combinerOf(kind, 3);
    let { state } = combine(inputOf(gradients(2, 1), [3, 1], { tasks: [0, 2], taskCount: 3 }));
    for (let step = 2; step < 6; step++) {
      const output = combine(inputOf(gradients(3, step), [2, 5, 1], { state, step }));
      state = output.state;
      expect(output.weights.every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses the state of a run with other tasks', () => {
    const { state } = combinerOf(kind, 3)(inputOf(gradients(3, 1), ascending(3)));
    const go = () => combinerOf(kind, 4)(inputOf(gradients(4, 2), ascending(4), { state, step: 2 }));
    if (Object.keys(state).length === 0) expect(go).not.toThrow();
    else expect(go).toThrow(/values, but this run's tasks need/);
  });
});

it('has the tasks’ weights as preference', () => {
  const vectors = [
    [1, 0.1],
    [0.2, 1],
  ];
  for (const kind of ['weighted', 'upgrad'] as const)
    expect([
      ...createCombiner(specOf(kind), { taskWeights: [3, 1], seed: 1 })(inputOf(vectors, [1, 1])).weights,
    ]).toEqual([0.75, 0.25]);
  const [first, second] = createCombiner(specOf('cagrad'), { taskWeights: [3, 1], seed: 1 })(
    inputOf(vectors, [1, 1]),
  ).weights;
  expect(first).toBeGreaterThan(0.7);
  expect(second).toBeGreaterThan(0.25);
  const gram = gramOf([
    [1, 0],
    [0, 2],
  ]);
  const scaled = createCombiner(specOf('aligned-mtl'), { taskWeights: [3, 1], seed: 1 })({
    ...inputOf(vectors, [1, 1]),
    gram,
  });
  expect([...scaled.weights]).toEqual([expect.closeTo(0.75, 12), expect.closeTo(0.125, 12)]);
});
