import type { RunId, SnapshotInventory, SnapshotPart, WorkerId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { chooseSnapshot } from './choose-snapshot.js';

const partNames = ['shared', 'task-spell', 'task-say', 'lane-0', 'lane-1'];

/** The state of a part at a step is the same whoever holds it. */
function part(generation: number, step: number, name: string, change: Partial<SnapshotPart> = {}): SnapshotPart {
  const stateHash = `${name}@${step}`;
  return {
    run: 'r' as RunId,
    generation,
    step,
    part: name,
    sizeBytes: 8,
    sha256: `f-${stateHash}`,
    stateHash,
    ...change,
  };
}

function holds(worker: string, ...parts: SnapshotPart[]): SnapshotInventory {
  return { worker: worker as WorkerId, parts };
}

const set = (generation: number, step: number, names: readonly string[]) =>
  names.map((name) => part(generation, step, name));
const [mine, yours] = [
  ['task-spell', 'lane-0'],
  ['task-say', 'lane-1'],
] as const;

describe('what is whole', () => {
  const generations = [{ generation: 1, resumeStep: 0 }];

  it('is nothing where nobody holds anything', () => {
    expect(chooseSnapshot([], partNames, generations)).toBeNull();
    expect(chooseSnapshot([holds('a')], partNames, generations)).toBeNull();
  });

  it('is the newest step of which every part is held, with all holders of each', () => {
    const chosen = chooseSnapshot(
      [
        holds('b', ...set(1, 25, ['shared', ...yours, ...mine]), ...set(1, 50, ['shared', ...yours])),
        holds('a', ...set(1, 25, ['shared', ...mine, ...yours]), ...set(1, 50, ['shared', ...mine])),
      ],
      partNames,
      generations,
    );
    expect(chosen?.step).toBe(50);
    expect(chosen?.source.generation).toBe(1);
    expect(chosen?.source.parts.map(({ part: name, holders }) => [name, holders])).toEqual([
      ['shared', ['a', 'b']],
      ['task-spell', ['a']],
      ['task-say', ['b']],
      ['lane-0', ['a']],
      ['lane-1', ['b']],
    ]);
    expect(chosen?.source.parts[1]).toEqual({
      part: 'task-spell',
      sizeBytes: 8,
      sha256: 'f-task-spell@50',
      stateHash: 'task-spell@50',
      holders: ['a'],
    });
  });

  it.each(partNames)('is not a step that lacks %s alone', (missing) => {
    const left = partNames.filter((name) => name !== missing);
    const whole = set(1, 25, partNames);
    expect(chooseSnapshot([holds('a', ...whole, ...set(1, 50, left))], partNames, generations)?.step).toBe(25);
    expect(chooseSnapshot([holds('a', ...set(1, 50, left))], partNames, generations)).toBeNull();
  });

  it('goes back to where both lived when a holder and its buddy are dead', () => {
    const survivor = holds('a', ...set(1, 25, partNames), ...set(1, 50, ['shared', ...mine]));
    expect(chooseSnapshot([survivor], partNames, generations)?.step).toBe(25);
  });

  it('survives one loss with what the buddy copied', () => {
    const buddy = holds('a', ...set(1, 50, ['shared', ...mine]), ...set(1, 50, yours));
    const chosen = chooseSnapshot([buddy], partNames, generations);
    expect(chosen?.step).toBe(50);
    expect(chosen?.source.parts.every(({ holders }) => holders.join() === 'a')).toBe(true);
  });

  it('never mixes the parts of two generations, though their step is the same', () => {
    const both = [
      { generation: 1, resumeStep: 0 },
      { generation: 2, resumeStep: 50 },
    ];
    const halves = [holds('a', ...set(1, 50, ['shared', ...mine])), holds('b', ...set(2, 50, ['shared', ...yours]))];
    expect(chooseSnapshot(halves, partNames, both)).toBeNull();
  });

  it('ignores parts that the run does not have', () => {
    const inventory = holds('a', ...set(1, 25, partNames), part(1, 75, 'lane-7'), part(1, 75, 'shared'));
    const chosen = chooseSnapshot([inventory], partNames, generations);
    expect(chosen?.step).toBe(25);
    expect(chosen?.source.parts).toHaveLength(partNames.length);
  });
});

describe('what is usable', () => {
  it('is an older generation, up to where the next one began', () => {
    const generations = [
      { generation: 1, resumeStep: 0 },
      { generation: 2, resumeStep: 50 },
    ];
    const inventory = holds('a', ...set(1, 25, partNames), ...set(1, 50, partNames), ...set(1, 75, partNames));
    const chosen = chooseSnapshot([inventory], partNames, generations);
    expect([chosen?.source.generation, chosen?.step]).toEqual([1, 50]);
  });

  it('is the newer generation where two have the step', () => {
    const generations = [
      { generation: 1, resumeStep: 0 },
      { generation: 2, resumeStep: 50 },
    ];
    for (const order of [
      [1, 2],
      [2, 1],
    ]) {
      const inventory = holds('a', ...order.flatMap((generation) => set(generation, 50, partNames)));
      expect(chooseSnapshot([inventory], partNames, generations)?.source.generation).toBe(2);
    }
  });

  it('is never what a stopped trainer made after a much later generation had gone back before it', () => {
    // 2 and 3 began later than 4, of another attempt, which went back to a checkpoint.
    const generations = [
      { generation: 1, resumeStep: 0 },
      { generation: 2, resumeStep: 40 },
      { generation: 3, resumeStep: 60 },
      { generation: 4, resumeStep: 20 },
    ];
    const woken = holds('a', ...set(1, 40, partNames), ...set(2, 60, partNames), ...set(3, 80, partNames));
    expect(chooseSnapshot([woken], partNames, generations)).toBeNull();
    const redone = holds('b', ...set(4, 25, partNames));
    const chosen = chooseSnapshot([woken, redone], partNames, generations);
    expect([chosen?.source.generation, chosen?.step]).toEqual([4, 25]);
  });

  it('is a state that a fenced generation computed otherwise, without a word on that', () => {
    const generations = [
      { generation: 1, resumeStep: 0 },
      { generation: 2, resumeStep: 20 },
    ];
    const other = partNames.map((name) => part(1, 40, name, { stateHash: 'of another budget' }));
    const inventories = [holds('a', ...other), holds('b', ...set(2, 40, partNames))];
    expect(chooseSnapshot(inventories, partNames, generations)?.source.generation).toBe(2);
  });
});

describe('two states of one part', () => {
  const generations = [{ generation: 1, resumeStep: 0 }];
  const diverged = (inventories: SnapshotInventory[], starts = generations) =>
    expect(() => chooseSnapshot(inventories, partNames, starts)).toThrow(expect.objectContaining({ code: 'DIVERGED' }));

  it('fail the run, naming both workers, the part and the step', () => {
    const inventories = [
      holds('a', ...set(1, 25, partNames)),
      holds('b', part(1, 25, 'shared', { stateHash: 'another', sha256: 'another' })),
    ];
    diverged(inventories);
    expect(() => chooseSnapshot(inventories, partNames, generations)).toThrow(
      /"shared" at step 25.*worker a.*worker b/,
    );
  });

  it('fail it also where the step is not whole, or an older one', () => {
    diverged([
      holds('a', ...set(1, 25, partNames), part(1, 50, 'shared')),
      holds('b', part(1, 50, 'shared', { stateHash: 'another' })),
    ]);
    diverged([
      holds('a', ...set(1, 50, partNames), part(1, 25, 'shared')),
      holds('b', part(1, 25, 'shared', { stateHash: 'another' })),
    ]);
  });

  it('fail it where a generation began with another state than it was to', () => {
    diverged(
      [holds('a', ...set(1, 50, partNames), part(2, 50, 'lane-0', { stateHash: 'another' }))],
      [...generations, { generation: 2, resumeStep: 50 }],
    );
  });

  it('are one where only the files differ: the file that most hold is taken, with its holders', () => {
    const renamed = part(1, 25, 'shared', { sha256: 'z', sizeBytes: 9 });
    const chosen = chooseSnapshot(
      [holds('c', renamed), holds('a', ...set(1, 25, partNames.slice(1)), renamed), holds('b', part(1, 25, 'shared'))],
      partNames,
      generations,
    );
    expect(chosen?.source.parts[0]).toEqual({
      part: 'shared',
      sizeBytes: 9,
      sha256: 'z',
      stateHash: 'shared@25',
      holders: ['a', 'c'],
    });
  });
});
