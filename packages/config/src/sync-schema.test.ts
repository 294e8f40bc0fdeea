import { describe, expect, it } from 'vitest';
import { parseRunFile } from './parse-run-file.js';

const runFile = (sync: string, rest = '') => `experiment: e
tasks: [{ name: t, data: { source: words, kind: spell } }]
sync: ${sync}
budget: { steps: 1200 }
${rest}`;
const parse = (text: string) => parseRunFile(text, { name: 'run.yaml' });

describe('sync', () => {
  it('is all-reduce where no strategy is named', () => {
    expect(parse(runFile('{}')).sync).toEqual({ strategy: 'all-reduce', codec: 'fp32' });
    expect(parse(runFile('{ codec: int8 }')).sync).toEqual({ strategy: 'all-reduce', codec: 'int8' });
  });

  it('fills in what diloco leaves out', () => {
    expect(parse(runFile('{ strategy: diloco }')).sync).toEqual({
      strategy: 'diloco',
      codec: 'fp32',
      innerSteps: 50,
      outer: { lr: 0.7, momentum: 0.9 },
    });
  });

  it('refuses numbers of steps at which no round ends, naming the nearest', () => {
    const text = runFile(
      '{ strategy: diloco, innerSteps: 70 }',
      'evaluation: { every: 50 }\ncheckpoints: { every: 140 }',
    );
    expect(() => parse(text)).toThrow(
      /budget\.steps: must be a multiple of sync\.innerSteps, 70: .* 1200 is not, take 1190 or 1260[\s\S]*evaluation\.every: .* 50 is not, take 70$/,
    );
    expect(() => parse(text)).not.toThrow(/checkpoints\.every/);
  });

  it('lets a task come and go between rounds only', () => {
    const parseTask = (from: number, until: number) =>
      parse(`experiment: e
tasks:
  - { name: t, data: { source: words, kind: spell } }
  - { name: u, data: { source: words, kind: stress }, steps: { from: ${from}, until: ${until} } }
sync: { strategy: diloco, innerSteps: 50 }
budget: { steps: 1200 }`);
    expect(() => parseTask(51, 100)).not.toThrow();
    expect(() => parseTask(50, 101)).toThrow(/tasks\[1\]\.steps\.from: .* 50 is not, take 1 or 51/);
    expect(() => parseTask(50, 101)).toThrow(/tasks\[1\]\.steps\.until: .* 101 is not, take 100 or 150/);
  });

  it.each([
    ['{ innerSteps: 5 }', /sync\.innerSteps: unknown field/],
    ['{ strategy: dilco }', /sync\.strategy: must be one of "all-reduce", "diloco".*did you mean "diloco"/],
    ['{ codec: fp16 }', /sync\.codec: must be one of "fp32", "bf16", "int8"/],
    ['{ strategy: diloco, innerSteps: 0 }', /sync\.innerSteps: must be above 0/],
    ['{ strategy: diloco, outer: { momentum: 1 } }', /sync\.outer\.momentum: must be below 1/],
    ['{ strategy: diloco, outer: { lr: 0 } }', /sync\.outer\.lr: must be above 0/],
  ])('refuses %s', (sync, message) => {
    expect(() => parse(runFile(sync))).toThrow(message);
  });
});
