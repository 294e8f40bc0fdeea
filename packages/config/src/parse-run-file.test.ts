import { readFileSync } from 'node:fs';
import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { parseRunFile, validateRunFile } from './parse-run-file.js';
import { RunFileError } from './run-file-error.js';

const example = readFileSync(new URL('../../../examples/words.yaml', import.meta.url), 'utf8');
const pairs = readFileSync(new URL('../../../examples/pairs.yaml', import.meta.url), 'utf8');

/** Like the example, but with values that the cases below count on. */
const words = `# Three tasks over one pronunciation dictionary, one shared encoder. About three minutes of training on two cores.
#   npx tributary launch examples/words.yaml --watch
experiment: words
seed: 1

model:
  embedding: { size: 64 }
  encoder: { hidden: 192, bidirectional: true }
  attention: { kind: luong }
  generator: { hidden: 192 }

tasks:
  - name: pronounce # letters to phones
    data: { source: words, kind: pronounce }
    metrics: [token_accuracy, phone_error_rate, word_error_rate]
    weight: 1
  - name: spell # phones to letters
    data: { source: words, kind: spell }
    metrics: [token_accuracy, letter_error_rate, word_error_rate]
  - name: stress # letters to the stress of each syllable
    data: { source: words, kind: stress }
    metrics: [token_accuracy, token_error_rate, word_error_rate]

optimizer: { kind: adam, learningRate: 0.003 }
schedule: { kind: warmup-cosine, warmupSteps: 100 }
clip: { globalNorm: 1 }
batch: { size: 64 }
lengths: { source: 24, target: 24, overlong: skip, buckets: 3 }

workers: { min: 1, max: 3 }
checkpoints: { every: 300, keep: 3 }
evaluation: { every: 300, examples: 256, samples: 3 }
budget: { steps: 1500 }
`;

function problemsOf(text: string): string[] {
  try {
    parseRunFile(text, { name: 'run.yaml' });
  } catch (error) {
    if (error instanceof RunFileError && error.code === 'SPEC_INVALID') return error.message.split('\n');
    throw error;
  }
  return [];
}

const without = (from: string, to: string): string => {
  expect(words).toContain(from);
  return words.replace(from, to);
};

describe('parseRunFile', () => {
  it('reads the examples and fills in defaults', () => {
    const run = parseRunFile(example, { name: 'examples/words.yaml' });
    expect(run.tasks.map((task) => task.name)).toEqual(['pronounce', 'spell', 'stress']);
    expect(run.tasks[1]?.replicas).toBe(1);
    expect(parseRunFile(pairs, { name: 'examples/pairs.yaml' }).tasks[0]?.replicas).toBe(2);
  });

  it('reads JSON, and its own output again', () => {
    const run = parseRunFile(words, { name: 'words.yaml' });
    expect(parseRunFile(JSON.stringify(run), { name: 'words.json' })).toEqual(run);
    expect(parseRunFile(JSON.stringify(run, null, '\t'), { name: 'words.json' })).toEqual(run);
    expect(validateRunFile(run, { name: 'spec' })).toEqual(run);
  });

  const line = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length;

  it.each([
    ['unknown field', 'seed: 1', 'sed: 1', 'sed: unknown field; did you mean "seed"?'],
    ['swapped letters', 'seed: 1', 'sede: 1', 'sede: unknown field; did you mean "seed"?'],
    [
      'field at the wrong level',
      'seed: 1',
      'learning_rate: 1',
      'learning_rate: unknown field; did you mean optimizer.learningRate?',
    ],
    ['wrong type', 'seed: 1', 'seed: one', 'seed: must be a number, got text "one"'],
    ['zero learning rate', 'learningRate: 0.003', 'learningRate: 0', 'optimizer.learningRate: must be above 0, got 0'],
    [
      'NaN learning rate',
      'learningRate: 0.003',
      'learningRate: .nan',
      'optimizer.learningRate: must be a number, got NaN',
    ],
    [
      'infinite learning rate',
      'learningRate: 0.003',
      'learningRate: .inf',
      'optimizer.learningRate: must be a number, got Infinity',
    ],
    ['length 0', 'source: 24', 'source: 0', 'lengths.source: must be above 0, got 0'],
    [
      'misspelt choice',
      'kind: luong',
      'kind: loung',
      'model.attention.kind: must be one of "bahdanau", "luong", got text "loung"; did you mean "luong"?',
    ],
    [
      'unknown task kind',
      'kind: spell',
      'kind: spel',
      'tasks[1].data.kind: must be one of "pronounce", "spell", "stress", "articulate", got text "spel"; did you mean "spell"?',
    ],
    [
      'unknown data source',
      'source: words, kind: spell',
      'source: wrds',
      'tasks[1].data.source: must be one of "words", "file", "corpus", got text "wrds"; did you mean "words"?',
    ],
    [
      'vocabulary limit over what is possible',
      'seed: 1',
      'vocabulary: { limit: 2000000 }',
      'vocabulary.limit: must be at most 1000000, got 2000000',
    ],
    [
      'too many lanes',
      'weight: 1',
      'replicas: 64',
      'tasks[1].replicas: brings the run to 66 lanes (one for each replica of each task), but it can have at most 64; lower the replicas',
    ],
    [
      'more workers than lanes',
      'min: 1, max: 3',
      'min: 4, max: 4',
      'workers.min: asks for 4 workers, but the run has only 3 lanes (one for each replica of each task)',
    ],
    [
      'doubled task',
      'name: spell',
      'name: pronounce',
      'tasks[1].name: task "pronounce" stands twice; give each task its own name',
    ],
    [
      'unknown optimizer',
      'kind: adam,',
      'kind: adamx,',
      'optimizer.kind: must be one of "adam", "adamw", "lion", "sgd", got text "adamx"; did you mean "adam"?',
    ],
    [
      'epsilon below float32',
      'Rate: 0.003',
      'Rate: 0.003, epsilon: 0',
      'optimizer.epsilon: must be at least 1e-30, got 0',
    ],
    ['beta of 1', 'Rate: 0.003', 'Rate: 0.003, beta2: 1', 'optimizer.beta2: must be below 1, got 1'],
    [
      'negative weight decay',
      'kind: adam, learningRate: 0.003',
      'kind: adamw, learningRate: 0.003, weightDecay: -1',
      'optimizer.weightDecay: must be at least 0, got -1',
    ],
    [
      'weight decay that turns weights over',
      'kind: adam, learningRate: 0.003',
      'kind: lion, learningRate: 0.5, weightDecay: 2',
      'optimizer.weightDecay: times learningRate must be below 1: each step multiplies the weights by 1 - learningRate * weightDecay',
    ],
    [
      'Nesterov without momentum',
      'kind: adam, learningRate: 0.003',
      'kind: sgd, learningRate: 0.003, nesterov: true',
      'optimizer.nesterov: looks ahead along the momentum, but momentum is 0; set momentum, 0.9 for example',
    ],
    [
      'vectors in a TSV file',
      'data: { source: words, kind: spell }',
      'data: { source: file, format: tsv, path: pairs.tsv, features: { source: 4 } }',
      'tasks[1].data.features: needs format jsonl; a TSV field holds text, not vectors',
    ],
    [
      'initial values from a run and a file',
      'budget: { steps: 1500 }',
      'budget: { steps: 1500 }\ninit: { from: { run: words-a, file: model.safetensors } }',
      'init.from: must name either a run or a file',
    ],
    [
      'a step of a file',
      'budget: { steps: 1500 }',
      'budget: { steps: 1500 }\ninit: { from: { file: model.safetensors, step: 3 } }',
      'init.from.step: belongs to a run; a file has no steps',
    ],
    [
      'weight decay of an optimizer without it',
      'learningRate: 0.003',
      'learningRate: 0.003, weightDecay: 0.1',
      'optimizer.weightDecay: unknown field; it belongs to kind "adamw" or "lion"; kind "adam" takes learningRate, beta1, beta2, epsilon',
    ],
    [
      'normalised multiplicative attention',
      'attention: { kind: luong }',
      'attention: { kind: luong, normalize: true }',
      'model.attention.normalize: is a choice of additive attention; leave it out or choose kind: bahdanau',
    ],
    [
      'inverse square root without warm-up',
      'kind: warmup-cosine, warmupSteps: 100',
      'kind: inverse-sqrt, warmupSteps: 0',
      'schedule.warmupSteps: must be above 0, got 0',
    ],
    [
      'floor above the peak',
      'kind: warmup-cosine, warmupSteps: 100',
      'kind: linear, floor: 1.5',
      'schedule.floor: must be at most 1, got 1.5',
    ],
    ['doubled field', 'seed: 1', 'seed: 1\nseed: 2', 'field "seed" stands twice in one block; keep one of them'],
    ['tag', 'seed: 1', 'seed: !!js/function 1', 'has a YAML tag (`!…`); a run file holds plain values only'],
  ])('%s', (_, from, to, message) => {
    const text = without(from, to);
    const offending = message.startsWith('tasks[1].replicas') ? 'name: spell' : to.includes('\n') ? 'seed: 2' : to;
    const at = line(text, offending) + (message.startsWith('tasks[1].name') ? 4 : 0);
    expect(problemsOf(text)).toEqual([`run.yaml:${at}: ${message}`]);
  });

  it.each([
    ['encoder: { kind: transformer, width: 250 }', 'model.encoder.width: must be a multiple of heads, but 250 columns'],
    [
      'generator: { kind: transformer, width: 2, heads: 3 }',
      'model.generator.width: must be a multiple of heads, but 2',
    ],
    ['encoder: { kind: transformer, hidden: 256 }', 'model.encoder.hidden: unknown field; it belongs to kind "gru"'],
    ['encoder: { kind: transformer, bidirectional: true }', 'model.encoder.bidirectional: unknown field'],
    ['encoder: { kind: transformer, heads: 0 }', 'model.encoder.heads: '],
    ['generator: { kind: transformer, dropout: 1 }', 'model.generator.dropout: '],
    ['generator: { kind: transformer, feedForward: 0 }', 'model.generator.feedForward: '],
  ])('refuses a Transformer with %s', (part, problem) => {
    const text = words.replace(`  ${part.split(':')[0]}: `, `  ${part} #`);
    expect(text).toContain(part);
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  it('takes a Transformer whose heads divide its width, and leaves out nothing', () => {
    const text = words.replace('  encoder: ', '  encoder: { kind: transformer, width: 192, heads: 6, layers: 2 } #');
    expect(parseRunFile(text, { name: 'run.yaml' }).model.encoder).toEqual({
      kind: 'transformer',
      width: 192,
      heads: 6,
      layers: 2,
      dropout: 0,
    });
  });

  it('reports a missing field where its block begins', () => {
    expect(problemsOf(without('steps: 1500', ''))).toEqual([
      `run.yaml:${line(words, 'budget:')}: budget.steps: is missing; it must be a number`,
    ]);
  });

  it('reports every problem, in the order of the file', () => {
    const text = words.replace('seed: 1', 'sed: 1').replace('size: 64', 'size: x').replace('steps: 1500', 'steps: -1');
    expect(problemsOf(text).map((problem) => problem.split(': ')[1])).toEqual([
      'sed',
      'model.embedding.size',
      'budget.steps',
    ]);
  });

  it('names no line for data that did not come as text', () => {
    expect(() => validateRunFile({}, { name: 'spec' })).toThrow('spec: experiment: is missing; it must be text');
    expect(() => validateRunFile(null, { name: 'spec' })).toThrow(
      'spec: must be a block of fields, got nothing (null)',
    );
  });

  const laughs = Array.from(
    { length: 20 },
    (_, i) => `b${i}: &b${i} [${Array(9).fill(i === 0 ? 'lol' : `*b${i - 1}`)}]`,
  );
  it.each([
    ['a billion laughs', laughs.join('\n'), 'once its aliases are followed'],
    ['an alias of itself', 'a: &a [*a]', 'refers to a block that holds it'],
    ['an alias of nothing', 'a: *b', 'refers to nothing'],
    ['deep brackets', '['.repeat(1_000_000), 'levels deep'],
    ['deep dashes', '- '.repeat(500_000), 'levels deep'],
    ['deep fields', 'a: '.repeat(300_000), 'levels deep'],
    ['very many fields', Array.from({ length: 100_000 }, (_, i) => `k${i}: 1`).join('\n'), 'more than 100000 values'],
    ['more than 1 MiB', 'x'.repeat(200 * 1024 * 1024), 'is 200 MiB, but a run file is at most 1 MiB'],
    ['nothing', '', 'is empty'],
    ['comments only', '# nothing\n', 'is empty'],
    ['two documents', 'a: 1\n---\nb: 1', 'holds several YAML documents'],
    ['a prototype', '{"__proto__": {"seed": 1}}', '__proto__: unknown field'],
    ['numbers beyond the range', '{"seed": 1e999}', 'seed: must be'],
  ])('refuses %s at once', (_, text, message) => {
    const startedMs = performance.now();
    expect(problemsOf(text).join('\n')).toContain(message);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it('throws nothing but SPEC_INVALID, whatever the file holds', () => {
    const random = randomStream(20_240_303, 'mutations');
    const below = (bound: number) => random.below(bound);
    const noise = [
      '\n',
      '\t',
      ' ',
      ':',
      '- ',
      '&a ',
      '*a',
      '!',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '|',
      '>',
      '%',
      '?',
      '#',
      '.nan',
      '\0',
      '\ud800',
      '<<: ',
      '---\n',
      '~',
      '0x',
      '1e999',
      '__proto__',
    ];
    let accepted = 0;
    for (let round = 0; round < 2_000; round++) {
      let text = example;
      for (let edits = 1 + below(4); edits > 0; edits--) {
        const at = below(text.length);
        const cut = below(3) === 0 ? below(40) : 0;
        text = text.slice(0, at) + (below(4) === 0 ? '' : noise[below(noise.length)]) + text.slice(at + cut);
      }
      if (problemsOf(text).length === 0) accepted++;
    }
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(2_000);
  });
});
