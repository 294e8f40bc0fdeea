import { stripVTControlCharacters } from 'node:util';
import type { MemberIndex, RunDocument, WorkerId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { logLine } from './log-line.js';
import { formatBytes, formatCount, formatDuration } from './quantities.js';
import { runDetails, runReport } from './run-report.js';

const run: RunDocument = {
  run: 'words-abcdefgh',
  experiment: 'words',
  state: 'finished',
  reason: null,
  attempt: 1,
  step: 1500,
  targetSteps: 1500,
  stateHash: 'f'.repeat(64),
  createdAt: '2026-11-24T17:00:00.000Z',
  startedAt: '2026-11-24T17:00:01.000Z',
  endedAt: '2026-11-24T17:02:59.000Z',
  tags: {},
  note: null,
  archivedAt: null,
  spec: {},
  files: {},
  tasks: [
    {
      task: 'pronounce',
      replicas: 1,
      weight: 1,
      results: { phone_error_rate: 0.1812, loss: 0.4321, token_accuracy: 0.9 },
      samples: [
        { step: 1500, index: 0, source: 'river', generated: 'R IH V ER', references: ['R IH V ER'] },
        { step: 1500, index: 1, source: 'delta', generated: 'D EH L T', references: ['D EH L T AH', 'D IH L T AH'] },
      ],
    },
    { task: 'stress', replicas: 2, weight: 1, results: { loss: null, mse: 0.01234, psnr: 19.087 }, samples: [] },
  ],
  attempts: [
    {
      attempt: 1,
      state: 'finished',
      reason: null,
      startedAt: '2026-11-24T17:00:01.000Z',
      endedAt: '2026-11-24T17:02:59.000Z',
    },
  ],
  generations: [
    {
      generation: 1,
      attempt: 1,
      members: [{ member: 0 as MemberIndex, worker: 'worker-1' as WorkerId, lanes: [] }],
      resumeStep: 0,
      reason: null,
      outcome: 'finished',
      outcomeReason: null,
      openedAt: '2026-11-24T17:00:00.000Z',
      endedAt: null,
    },
  ],
  series: [],
  checkpoints: [
    {
      step: 1500,
      attempt: 1,
      stateHash: 'f'.repeat(64),
      sizeBytes: 1_572_864,
      committedAt: '2026-11-24T17:02:58.000Z',
    },
  ],
  lineage: [
    { attempt: 1, generation: 1, member: 0, key: 'seed', value: '1' },
    { attempt: 1, generation: 1, member: 1, key: 'seed', value: '1' },
  ],
  init: null,
  time: null,
  divergences: { total: 0, first: [] },
  parent: null,
  children: [],
};
const links = { temporal: 'http://127.0.0.1:8233', prometheus: 'http://127.0.0.1:9090', grafana: null };
const plain = (text: string) => stripVTControlCharacters(text).split('\n');

describe('runReport', () => {
  it('says what came before the first step, where that is known', () => {
    const timing = (series: string, last: number) => ({
      ...{ subject: 'run', series, kind: 'timing' as const, count: 1, firstStep: 1, lastStep: 1, last, min: last },
      max: last,
    });
    const series = [
      timing('first_step_seconds', 12.4),
      timing('tracing_seconds', 9.87),
      timing('graphs', 11),
      timing('peak_memory_bytes', 612 * 1024 * 1024),
    ];
    expect(plain(runReport({ ...run, series }, links))[2]).toBe(
      'First step after 12s; 11 graphs traced in 9.9s; peak memory 612.0 MiB',
    );
    expect(plain(runReport({ ...run, series: series.slice(0, 1) }, links))[2]).toBe('First step after 12s');
  });

  const lines = plain(runReport(run, links));
  it('shows results as shares, losses and gaps', () => {
    expect(lines[0]).toBe('Run words-abcdefgh finished: 1500 of 1500 steps, attempt 1, 2m58s');
    expect(lines[1]).toBe(`State hash ${'f'.repeat(64)}`);
    expect(lines).toContainEqual(expect.stringMatching(/^ *task +loss +token accuracy +mse +phone error rate +psnr$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ *pronounce +0\.432 +90\.0% +18\.1%$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ *stress +not a number +0\.0123 +19\.1 dB$/));
  });

  it('sets generated examples beside their references', () => {
    expect(lines).toContainEqual(expect.stringMatching(/^ *pronounce +river +R IH V ER += +R IH V ER$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ +delta +D EH L T +D EH L T AH \| D IH L T AH$/));
  });

  it('ends with what to try next', () => {
    const text = lines.join('\n');
    expect(text).toContain('npx tributary generate words-abcdefgh --task pronounce "river"');
    expect(text).toContain('npx tributary resume words-abcdefgh --steps 3000 --watch');
    expect(text).toContain('http://127.0.0.1:8233/namespaces/default/workflows/words-abcdefgh');
    expect(text).toContain('http://127.0.0.1:9090');
  });

  it('says why a run failed and how to go on', () => {
    const failed: RunDocument = {
      ...run,
      state: 'failed',
      reason: 'no worker left\u001b[2J',
      tasks: [],
      checkpoints: [],
    };
    const text = plain(runReport(failed, null)).join('\n');
    expect(text).toContain('Reason: no worker left\ufffd[2J');
    expect(text).toContain('npx tributary resume words-abcdefgh --watch');
  });

  it('closes on one line of why a run failed, where it stood and how to go on', () => {
    const failed: RunDocument = {
      ...run,
      state: 'failed',
      step: 1612,
      targetSteps: 3000,
      reason: 'lost all\nworkers.',
    };
    const line =
      'Failed at step 1612 of 3000 (newest checkpoint: step 1500): lost all workers. Go on with: npx tributary resume words-abcdefgh --watch';
    for (const text of [runReport(failed, links), runDetails(failed, links)]) expect(plain(text).at(-1)).toBe(line);
    expect(plain(runReport({ ...failed, checkpoints: [], reason: null }, links)).at(-1)).toBe(
      'Failed at step 1612 of 3000 (no checkpoint yet): for a reason that was not told. Start it again with: npx tributary resume words-abcdefgh --watch',
    );
    expect(plain(runReport(run, links)).join('\n')).not.toContain('Failed');
  });

  it('names the run that it was forked from, and its forks', () => {
    const children = Array.from({ length: 7 }, (_, i) => ({ run: `fork-${i}`, step: 750, state: 'running' as const }));
    const text = plain(runReport({ ...run, parent: { run: 'words-parent', step: 500 }, children }, links));
    expect(text[1]).toBe('Forked from words-parent at step 500');
    expect(text[2]).toBe(
      `Forks: ${[0, 1, 2, 3, 4].map((i) => `fork-${i} (step 750, running)`).join(', ')}, and 2 more`,
    );
  });

  it('offers a fork from a checkpoint that leaves steps to train', () => {
    const spec = { optimizer: { kind: 'adam', learningRate: 0.002 } };
    const [last] = run.checkpoints;
    const checkpoints = last === undefined ? [] : [last, { ...last, step: 1000 }];
    expect(plain(runReport({ ...run, spec, checkpoints }, links)).join('\n')).toContain(
      'npx tributary fork words-abcdefgh --step 1000 --set optimizer.learningRate=0.001 --watch',
    );
    expect(plain(runReport({ ...run, spec }, links)).join('\n')).not.toContain('tributary fork');
  });
});

describe('a run that does not repeat itself', () => {
  const first = {
    subject: 'task:spell',
    series: 'train.loss',
    step: 12,
    attempt: 1,
    generation: 2,
    recorded: '0.5',
    redone: '0.5000000000000001',
  };
  const diverged = (total: number): RunDocument => ({ ...run, divergences: { total, first: [first] } });
  it('is warned of in one line, and only it', () => {
    const value = 'task:spell train.loss at step 12, recorded 0.5, redone 0.5000000000000001 by generation 2';
    expect(plain(runReport(diverged(1), links))[2]).toBe(`DIVERGED: ${value}; the run does not repeat itself`);
    expect(plain(runReport(diverged(30), links))[2]).toBe(
      `DIVERGED: 30 redone values differ from the recorded ones; the first is ${value}; the run does not repeat itself`,
    );
    expect(runDetails(run, links)).not.toMatch(/diverge/i);
  });

  it('has its divergences listed in the details', () => {
    const lines = plain(runDetails(diverged(30), links));
    expect(lines).toContain('Divergences (the first 1 of 30)');
    expect(lines).toContainEqual(
      expect.stringMatching(/^ *task:spell +train\.loss +12 +0\.5 +0\.5000000000000001 +1 +2$/),
    );
  });
});

it('runDetails does not send the reader back to itself, nor draws empty columns', () => {
  const text = plain(runDetails(run, links)).join('\n');
  expect(text).not.toContain('runs show');
  expect(text).not.toContain('reason');
  expect(plain(runReport(run, links)).join('\n')).toContain('runs show');
});

it('runDetails says in words how generations ended', () => {
  const [first] = run.generations;
  if (first === undefined) throw new Error('no generation');
  const generations = [
    { ...first, outcome: 'worker-lost', outcomeReason: 'worker b is lost:\nsilent for 8 s' },
    { ...first, generation: 2, outcome: 'handed-over', outcomeReason: 'worker c drains', resumeStep: 40 },
    { ...first, generation: 3, outcome: null, resumeStep: 43 },
  ];
  const lines = plain(runDetails({ ...run, state: 'running', generations }, links));
  expect(lines).toContainEqual(expect.stringMatching(/worker lost +worker b is lost: silent for 8 s$/));
  expect(lines).toContainEqual(expect.stringMatching(/^ +2 +1 +40 .* handed over +worker c drains$/));
  expect(lines).toContainEqual(expect.stringMatching(/^ +3 +1 +43 .* open$/));
});

it('runDetails adds attempts, generations, checkpoints and lineage', () => {
  const text = plain(runDetails(run, links)).join('\n');
  for (const title of ['Attempts', 'Generations', 'Checkpoints', 'Lineage']) expect(text).toContain(title);
  expect(text).toMatch(/1500 +1 +1\.5 MiB/);
  expect(text).toMatch(/^ *seed +1$/m);
});

it.each([
  [formatDuration(0), '0s'],
  [formatDuration(130_400), '2m10s'],
  [formatDuration(3_600_000), '1h00m'],
  [formatDuration(183_600_000), '2d03h'],
  [formatCount(999), '999'],
  [formatCount(999_949), '999.9k'],
  [formatCount(999_951), '1.0M'],
  [formatBytes(512), '512 B'],
  [formatBytes(1_572_864), '1.5 MiB'],
])('quantities: %s', (shown, expected) => expect(shown).toBe(expected));

it('log lines are for people, and harmless to a terminal', () => {
  const line = JSON.stringify({
    level: 'warn',
    time: '2026-11-24T17:00:00.000Z',
    service: 'api',
    pid: 1,
    msg: 'lost\u001b[2J',
    run: 'r',
  });
  expect(stripVTControlCharacters(logLine(line, 'api'))).toMatch(
    /^\d\d:\d\d:\d\d warn {2}api {2}lost\ufffd\[2J {2}run=r$/,
  );
  expect(logLine('plain\u0007', null)).toBe('plain\ufffd');
});

it('names the pages that show the run', () => {
  const console = 'http://127.0.0.1:17001/console';
  expect(plain(runReport(run, { ...links, console })).join('\n')).toContain(
    `Console     ${console}/runs/${run.run}\nTemporal`,
  );
  expect(plain(runReport(run, links)).join('\n')).not.toMatch(/Console|Grafana/);
  const ended = { ...run, createdAt: '2026-01-01T00:01:00.000Z', endedAt: '2026-01-01T00:09:00.000Z' };
  const [from, to] = [Date.parse('2026-01-01T00:00:00Z'), Date.parse('2026-01-01T00:10:00Z')];
  for (const text of [runReport, runDetails])
    expect(plain(text(ended, { ...links, grafana: 'https://grafana.example/' })).join('\n')).toContain(
      `Grafana     https://grafana.example/d/tributary-run/run?var-run=${run.run}&from=${from}&to=${to}\n`,
    );
});
