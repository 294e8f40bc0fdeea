import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiInstallation, runCli } from '../support/api-installation.js';

let here: ApiInstallation;
beforeAll(async () => {
  here = await ApiInstallation.open();
});
afterAll(() => here.close());

const spec = `experiment: mine
seed: 1
tasks:
  - name: own
    data: { source: file, format: jsonl, path: own.jsonl }
optimizer: { kind: adam, learningRate: 0.001 }
lengths: { source: 16, target: 16 }
budget: { steps: 100 }
`;
const data = Array.from({ length: 300 }, (_, i) => JSON.stringify({ source: `a b ${i}`, target: `b a ${i % 7}` })).join(
  '\n',
);
const bomb = [
  'a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]',
  ...'bcdefghijkl'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghijk'[i]}`)}]`),
].join('\n');

/** Every way to get it wrong: run file, data file, and what is said. */
const mistakes: [string, string, string | Uint8Array | null, string][] = [
  ['an unknown field', spec.replace('seed', 'sede'), data, 'run.yaml:2: sede: unknown field; did you mean "seed"?'],
  ['a wrong type', spec.replace('seed: 1', 'seed: one'), data, 'run.yaml:2: seed: must be a number, got text "one"'],
  [
    'a zero learning rate',
    spec.replace('0.001', '0'),
    data,
    'run.yaml:6: optimizer.learningRate: must be above 0, got 0',
  ],
  [
    'a NaN learning rate',
    spec.replace('0.001', '.nan'),
    data,
    'run.yaml:6: optimizer.learningRate: must be a number, got NaN',
  ],
  [
    'a length of 0',
    spec.replace('source: 16', 'source: 0'),
    data,
    'run.yaml:7: lengths.source: must be above 0, got 0',
  ],
  [
    'an unknown task',
    spec.replace('{ source: file, format: jsonl, path: own.jsonl }', '{ source: words, kind: sing }'),
    data,
    'tasks[0].data.kind: must be one of "pronounce", "spell", "stress", "articulate", got text "sing"',
  ],
  [
    'more lanes than can be hosted',
    spec.replace('name: own', 'name: own\n    replicas: 65'),
    data,
    'run.yaml:5: tasks[0].replicas: must be at most 64, got 65',
  ],
  ['a YAML bomb', bomb, data, 'once its aliases are followed'],
  ['an empty run file', '', data, 'run.yaml: is empty'],
  [
    'an unknown column',
    spec.replace('path: own.jsonl', 'path: own.jsonl, columns: { source: text }'),
    data,
    'own.jsonl line 1 has no field "text"; it has',
  ],
  ['an empty data file', spec, '', 'own.jsonl is empty'],
  ['a malformed line', spec, `${data}\n{"source": `, 'own.jsonl line 301 is not JSON'],
  ['a missing data file', spec, null, 'own.jsonl does not exist beside the run file'],
  ['data that is not UTF-8', spec, Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 'UTF-8'],
  ['a vocabulary over the limit', spec.replace('seed: 1', 'vocabulary: { limit: 50 }'), data, 'vocabulary'],
  [
    'weights that are not there',
    `${spec}\ninit: { from: { file: nowhere.safetensors } }\n`,
    data,
    'nowhere.safetensors does not exist beside the run file; correct init.from.file',
  ],
  [
    'weights of another format',
    `${spec}\ninit: { from: { file: own.jsonl } }\n`,
    data,
    'init.from.file: own.jsonl is not a safetensors file that can be read',
  ],
  [
    'vectors where text is given',
    spec.replace('path: own.jsonl', 'path: own.jsonl, features: { source: 2 }'),
    data,
    'own.jsonl line 1: field "source" is not a list of vectors',
  ],
  ['an over-long example', spec.replace('source: 16', 'source: 2'), data, 'own.jsonl line 1'],
];

describe('launch refuses, with exit code 2 and nothing written,', () => {
  it.each(mistakes)('%s', async (_, runFile, dataFile, message) => {
    await here.workers('w1');
    // Words are only in the way of a name that another case uses.
    const folder = `case-${Math.random().toString(36).slice(2)}`;
    const path = await here.file(
      `${folder}-run.yaml`,
      dataFile === null ? runFile.replaceAll('own.jsonl', 'nowhere.jsonl') : runFile,
    );
    if (dataFile !== null) await here.file('own.jsonl', dataFile);
    const before = await here.written();
    const outcome = await here.cli(['launch', path]);
    expect(outcome.stderr.replaceAll('nowhere.jsonl', 'own.jsonl')).toContain(message);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).not.toMatch(/\n\s+at |undefined|\[object/);
    expect(await here.written()).toEqual(before);
  });

  it('a run file of 200 MB, unread', async () => {
    const path = await here.file('big.yaml', '');
    await truncate(path, 200_000_000);
    const before = await here.written();
    const outcome = await here.cli(['launch', path], { NODE_OPTIONS: '--max-old-space-size=100' });
    expect(outcome).toMatchObject({
      code: 2,
      stderr: `${path}: is 191 MiB, but a run file is at most 1 MiB; put data into a file of its own and name it as data.path\n`,
    });
    expect(await here.written()).toEqual(before);
  });

  it('a run file that is not UTF-8, by its line', async () => {
    const path = await here.file('latin1.yaml', Buffer.from('seed: 1\nexperiment: caf\xe9\n', 'latin1'));
    expect(await here.cli(['launch', path])).toMatchObject({
      code: 2,
      stderr: `${path}:2: is not UTF-8 here; save the file as UTF-8\n`,
    });
  });

  it.each([
    ['no such file', 'nowhere.yaml', 'there is no such file'],
    ['a folder', '.', 'it is not a regular file'],
    ['a device', '/dev/zero', 'it is not a regular file'],
  ])('%s', async (_, path, message) => {
    const outcome = await here.cli(['launch', path]);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('with --json says it in JSON too', async () => {
    const path = await here.file('json.yaml', spec.replace('seed', 'sede'));
    const outcome = await here.cli(['launch', path, '--json']);
    expect(outcome.code).toBe(2);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      code: 'SPEC_INVALID',
      message: expect.stringContaining('sede'),
    });
  });
});

describe('a mistake is a sentence and its remedy:', () => {
  it.each([
    ['runs', 'list'],
    ['runs', 'show', 'x'],
    ['watch', 'x'],
    ['cancel', 'x'],
    ['resume', 'x'],
    ['pause', 'x'],
    ['scale', 'x', '--workers', '1'],
    ['fork', 'x'],
    ['checkpoints', 'list', 'x'],
    ['workers'],
    ['generate', 'x', '--task', 't', 'text'],
    ['serve', 'x'],
    ['status'],
  ])('a stopped stack (%s %s)', async (...args) => {
    const outcome = await runCli(args);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr + (args[0] === 'status' ? outcome.stdout : '')).toBe(
      'The Tributary stack is not running; start it with: npx tributary up\n',
    );
  });

  it('an API that does not answer', async () => {
    const outcome = await here.cli(['runs', 'list'], { TRIBUTARY_API_URL: 'http://127.0.0.1:1' });
    expect(outcome).toMatchObject({
      code: 1,
      stderr: 'No API answers at http://127.0.0.1:1; check TRIBUTARY_API_URL, and that the stack there is up.\n',
    });
  });

  it('a wrong token', async () => {
    const file = await here.file('wrong-token', 'not-the-token');
    const outcome = await here.cli(['runs', 'list'], { TRIBUTARY_API_TOKEN_FILE: file });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(
      `does not accept the token in ${file}; name the right file in TRIBUTARY_API_TOKEN_FILE`,
    );
  });

  it('a token file that is missing', async () => {
    const outcome = await here.cli(['runs', 'list'], { TRIBUTARY_API_TOKEN_FILE: join(here.folder, 'none') });
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be read from') });
  });

  it.each([
    [['runs', 'show']],
    [['watch']],
    [['cancel']],
    [['resume']],
    [['pause']],
    [['fork']],
    [['scale', '--workers', '2']],
    [['checkpoints', 'list']],
    [['checkpoints', 'verify']],
    [['checkpoints', 'prune']],
  ])('an unknown run (%s)', async (args) => {
    const outcome = await here.cli([...args, 'nobody-aaaaaaaa']);
    expect(outcome).toMatchObject({
      code: 1,
      stderr: 'There is no run "nobody-aaaaaaaa"; `tributary runs list` shows those there are.\n',
    });
  });

  it.each([
    [['lanch'], "unknown command 'lanch'\n(Did you mean launch?)"],
    [['launch'], "missing required argument 'file'"],
    [['launch', 'x', '--wach'], "unknown option '--wach'\n(Did you mean --watch?)"],
    [['resume', 'x', '--steps', '0'], 'It must be a whole number of at least 1.'],
    [['scale', 'x'], "required option '--workers <n>' not specified"],
    [['scale', 'x', '--workers', '0'], 'It must be a whole number of at least 1.'],
    [['fork', 'x', '--step', '-1'], 'It must be a whole number.'],
    [['fork', 'x', '--set', 'learningRate'], 'It must be field=value, e.g. optimizer.learningRate=0.0005.'],
    [['checkpoints', 'prune', 'x', '--keep', '0'], 'It must be a whole number of at least 1.'],
    [['generate', 'x', 'text'], "required option '--task <name>' not specified"],
    [
      ['generate', 'x', '--task', 't', 'text', '--beam', '4', '--temperature', '0.5'],
      '--beam searches with a beam and --temperature by sampling; leave one of the two out.',
    ],
    [
      ['generate', 'x', '--task', 't', 'text', '--length-penalty', '1', '--sample'],
      '--length-penalty searches with a beam and --sample by sampling; leave one of the two out.',
    ],
    [
      ['generate', 'x', '--task', 't', 'text', '--n-best', '3'],
      '--n-best 3 needs a search with several outputs; add --beam 3 or --sample.',
    ],
    [
      ['generate', 'x', '--task', 't', 'text', '--beam', '3', '--n-best', '4'],
      '--n-best: a beam of width 3 finds at most 3 outputs, not 4: widen it',
    ],
    [['generate', 'x', '--task', 't', 'text', '--beam', '33'], '--beam: it must be at most 32'],
    [['generate', 'x', '--task', 't', 'text', '--top-p', '0'], '--top-p: it must be above 0'],
    [['generate', 'x', '--task', 't', 'text', '--temperature', 'warm'], 'It must be a number.'],
    [['generate', 'x', '--task', 't', 'text', '--max-length', '5000'], '--max-length: it must be at most 4096'],
    [['generate', 'x', '--task', 't', 'text', '--attention', 'a.gif'], 'a.gif is neither .svg nor .png'],
    [['generate', 'x', '--task', 't', 'a', 'b', '--attention', 'a.svg'], '--attention draws one source, not 2;'],
    [['generate', 'x', '--task', 't', 'text', '--file', 'f'], 'Both texts and --file were given; leave one out.'],
    [['generate', 'x', '--task', 't', '--file', 'nowhere.txt'], 'nowhere.txt cannot be read (ENOENT'],
    [['generate', 'x', '--task', 't'], 'stdin is empty; give one source a line.'],
    [['generate', 'x', '--task', 't', 'a', ' '], 'Text 2 is empty; a source has at least one symbol.'],
    [['generate', 'x', '--task', 't', 'a'.repeat(10_001)], 'The text has 10001 characters, and a source at most 10000'],
    [['serve', 'x', '--port', '70000'], 'It must be 0 to 65535.'],
    [['serve', 'x', '--device', 'tpu'], '--device is "tpu"; it must be cpu or gpu:N'],
    [
      ['worker', 'start', '--join', 'http://x', '--token-file', 'y'],
      '--join is "http://x"; it must be an address like nats://',
    ],
  ])('usage (%s)', async (args, message) => {
    const outcome = await runCli(args);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain(message);
  });
});

it('validate accepts the examples', async () => {
  for (const name of ['words', 'pairs', 'diloco']) {
    const outcome = await runCli(['validate', `examples/${name}.yaml`]);
    expect(outcome).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining(`examples/${name}.yaml is valid`),
    });
  }
  expect(await readFile('examples/dates.tsv', 'utf8')).toContain('written\tiso\n');
});
