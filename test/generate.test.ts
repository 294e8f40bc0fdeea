import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { GeneratedSource, GenerateReplyDocument, ModelDocument } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Outcome, runCli } from './support/api-installation.js';
import { fastFiles, fastRun, vectorRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';

let here: Installation;
let folder: string;
let run: string;
let vectors: string;
beforeAll(async () => {
  here = await openInstallation(['w1']);
  folder = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  const { 'reverse.jsonl': reverse, 'double.jsonl': double, 'vectors.jsonl': spelt, 'read.jsonl': read } = fastFiles;
  run = await here.launch(fastRun, { 'reverse.jsonl': reverse, 'double.jsonl': double });
  expect((await here.untilRest(run)).state).toBe('finished');
  vectors = await here.launch(vectorRun, { 'vectors.jsonl': spelt, 'read.jsonl': read });
  expect((await here.untilRest(vectors)).state).toBe('finished');
}, 300_000);
afterAll(() => here.close());

const cli = (args: readonly string[], input?: string): Promise<Outcome> => runCli(args, here.cliEnv, undefined, input);
const generate = (...args: string[]): Promise<Outcome> => cli(['generate', run, '--task', 'reverse', ...args]);
const json = async (...args: string[]): Promise<GenerateReplyDocument> => {
  const outcome = await generate(...args, '--json');
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(outcome.stdout) as GenerateReplyDocument;
};
const texts = ['a b c', 'd e', 'f g h a b', 'c'];

describe('tributary generate', () => {
  it('prints what a text gives, and its score as JSON', async () => {
    const reply = await json('a b c', '--max-length', '9');
    expect(reply).toMatchObject({ run, task: 'reverse', step: 8, worker: 'w1' });
    const [{ source, generated, outputs, attention }] = reply.outputs as [GeneratedSource];
    expect([source, attention, outputs.length]).toEqual(['a b c', undefined, 1]);
    expect(outputs[0]).toMatchObject({ text: generated, score: outputs[0]?.logProbability });
    expect(outputs[0]?.logProbability).toBeLessThan(0);
    expect(outputs[0]?.symbols).toBeLessThanOrEqual(9);
    expect(await generate('a b c', '--max-length', '9')).toEqual({ code: 0, stdout: `${generated}\n`, stderr: '' });
  });

  it('takes lines of a file and of stdin alike, and gives the best of a beam with their scores', async () => {
    const file = join(folder, 'sources.txt');
    await writeFile(file, `${texts.join('\r\n')}\r\n`);
    const options = ['--beam', '3', '--n-best', '2', '--repetition-penalty', '1.2'];
    const [lines, piped, reply] = [
      await generate('--file', file, ...options),
      await cli(['generate', run, '--task', 'reverse', ...options], `${texts.join('\n')}\n`),
      await json(...texts, ...options),
    ];
    expect(lines).toMatchObject({ code: 0, stderr: '' });
    expect(piped.stdout).toBe(lines.stdout);
    expect(lines.stdout.split('\n')).toEqual([
      ...reply.outputs.flatMap(({ outputs }, index) =>
        outputs.map(({ score, text }) => `${index + 1}\t${score.toFixed(4)}\t${text}`),
      ),
      '',
    ]);
    for (const { outputs } of reply.outputs) {
      expect(outputs).toHaveLength(2);
      expect(outputs[0]?.score).toBeGreaterThanOrEqual(outputs[1]?.score as number);
      expect(outputs[0]?.text).not.toBe(outputs[1]?.text);
    }
  });

  it('draws the same by the same seed, in one request or several, and else by another', async () => {
    const options = { search: { kind: 'sample', temperature: 3, topK: 6, topP: 0.95, seed: 5 } };
    const ask = (sources: readonly string[], more: object = {}) =>
      here.call<GenerateReplyDocument>('POST', '/generate', {
        ...{ run, task: 'reverse', sources },
        options: { ...options, ...more },
      });
    const together = await ask(texts);
    expect(
      (await json(...texts, '--temperature', '3', '--top-k', '6', '--top-p', '0.95', '--seed', '5')).outputs,
    ).toEqual(together.outputs);
    const last = await ask(texts.slice(2), { firstSource: 2 });
    expect(last.outputs).toEqual(together.outputs.slice(2));
    const other = await ask(texts, { search: { ...options.search, seed: 6 } });
    expect(other.outputs).not.toEqual(together.outputs);
  });

  it('draws what an output reads of its source', async () => {
    const [svg, png] = [join(folder, 'attention.svg'), join(folder, 'attention.png')];
    const reply = await json('a b c', '--max-length', '5', '--attention', svg);
    const { attention, outputs } = reply.outputs[0] as GeneratedSource;
    expect(attention?.source).toEqual(['a', 'b', 'c']);
    expect(attention?.output).toHaveLength(outputs[0]?.symbols as number);
    for (const row of attention?.weights ?? []) {
      expect(row).toHaveLength(3);
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
    }
    const drawn = await readFile(svg, 'utf8');
    for (const label of [`${run} · reverse`, ...new Set([...(attention?.source ?? []), ...(attention?.output ?? [])])])
      expect(drawn).toContain(label.replace('<', '&lt;').replace('>', '&gt;'));
    expect(drawn.match(/<path[^>]*stroke="#eeeeee"/gu)).toHaveLength(3 * (attention?.output.length as number));
    expect((await generate('a b c', '--attention', png)).code).toBe(0);
    expect((await readFile(png)).subarray(1, 4).toString()).toBe('PNG');
  });

  it('refuses what cannot be generated, with the remedy', async () => {
    const refused = async (args: readonly string[], message: string) => {
      const outcome = await cli(['generate', ...args]);
      expect(outcome).toMatchObject({ code: 2, stdout: '' });
      expect(outcome.stderr).toContain(message);
    };
    await refused([run, '--task', 'revers', 'a'], `Run ${run} has no task "revers"; it has: reverse, double.`);
    await refused([vectors, '--task', 'read', 'a'], 'Task "read" reads vectors, and generate takes and gives text; ');
    await refused([vectors, '--task', 'spell-out', 'a'], 'Task "spell-out" puts out vectors');
    await refused([run, '--task', 'reverse', 'x y'], 'holds symbols that the training data did not have: "x", "y".');
    await refused([run, '--task', 'reverse', 'a '.repeat(13)], "more than the run's lengths.source of 12: shorten it.");
    const file = join(folder, 'gaps.txt');
    await writeFile(file, 'a b\n\nc\n');
    await refused([run, '--task', 'reverse', '--file', file], `${file} line 2 is empty; `);
  });
});

describe('the objects of a run', () => {
  it('are its prepared form and its checkpoints, and nothing else', async () => {
    const model = await here.call<ModelDocument>('GET', `/runs/${run}/model`);
    expect(model).toMatchObject({ run, step: 8 });
    const get = (of: string, key: string) =>
      here.call<{ format?: string }>('GET', `/runs/${of}/objects?key=${encodeURIComponent(key)}`);
    expect(await get(run, model.preparedKey)).toMatchObject({ format: 'tributary-prepared/1' });
    expect(await get(run, model.checkpointKey)).toMatchObject({ format: 'tributary-checkpoint/1' });
    await expect(get(vectors, model.checkpointKey)).rejects.toThrow('404 {"code":"OBJECT_NOT_FOUND"');
    await expect(get(run, '../secrets')).rejects.toThrow('404 {"code":"OBJECT_NOT_FOUND"');
  });
});

const bin = resolve(import.meta.dirname, '../services/cli/bin/tributary.js');

/** `tributary serve`, up. */
async function serve(...options: string[]) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [bin, 'serve', run, '--port', '0', '--json', ...options], {
    env: { PATH, HOME, NO_COLOR: '1', ...here.cliEnv },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(([code]) => Promise.reject(new Error(`serve ended with ${code}`))),
  ])) as [string];
  const serving = JSON.parse(line) as { url: string; step: number; tasks: readonly string[] };
  const ask = (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${serving.url}${path}`, {
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    serving,
    ask,
    /** @returns its exit code */
    async stop(): Promise<number | null> {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}

describe('tributary serve', () => {
  const sample = { search: { kind: 'sample', temperature: 3, seed: 5 }, nBest: 2 };
  const beam = { search: { kind: 'beam', width: 3 }, nBest: 2 };

  it('answers what a worker does, alone and among others, and ends gracefully', async () => {
    const server = await serve();
    try {
      expect(server.serving).toMatchObject({ kind: 'serving', run, step: 8, tasks: ['reverse', 'double'] });
      expect(await (await server.ask('/health')).json()).toMatchObject({ status: 'ok', run, step: 8, waiting: 0 });
      const document = (await (await server.ask('/openapi.json')).json()) as { openapi: string; paths: object };
      expect(document.openapi).toBe('3.1.0');
      expect(Object.keys(document.paths)).toEqual(['/health', '/v1/generate']);

      const post = async (task: string, sources: readonly string[], options: object) => {
        const response = await server.ask('/v1/generate', { task, sources, options });
        expect(response.status).toBe(200);
        return ((await response.json()) as GenerateReplyDocument).outputs;
      };
      const requests = ['reverse', 'double'].flatMap((task) =>
        [sample, beam, {}].map((options) => [task, texts, options] as const),
      );
      const alone: (readonly GeneratedSource[])[] = [];
      for (const request of requests) alone.push(await post(...request));
      const many = [...requests, ...requests, ...requests];
      expect(await Promise.all(many.map((request) => post(...request)))).toEqual([...alone, ...alone, ...alone]);
      for (const [index, [task, sources, options]] of requests.entries()) {
        const worker = await here.call<GenerateReplyDocument>('POST', '/generate', { run, task, sources, options });
        expect(worker.outputs).toEqual(alone[index]);
      }
      const metrics = await (await server.ask('/metrics')).text();
      expect(metrics).toContain('tributary_generate_requests_total{task="reverse",outcome="answered"} 12');
      expect(metrics).toContain('tributary_generate_waiting_requests 0');
      const batches = /tributary_generate_batch_sources_count (\d+)/.exec(metrics)?.[1];
      // Requests that came together shared batches.
      expect(Number(batches)).toBeLessThan(requests.length + many.length);

      // One is computed and one waits when it is asked to end.
      const long = { task: 'double', sources: new Array(200).fill('a b c'), options: { ...sample, nBest: 32 } };
      const last = [server.ask('/v1/generate', long), server.ask('/v1/generate', long)];
      await vi.waitFor(async () => {
        expect(await (await server.ask('/health')).json()).toMatchObject({ waiting: 1 });
      });
      const code = server.stop();
      for (const response of await Promise.all(last)) {
        expect(response.status).toBe(200);
        expect(((await response.json()) as GenerateReplyDocument).outputs).toHaveLength(200);
      }
      expect(await code).toBe(0);
    } finally {
      await server.stop();
    }
  }, 180_000);

  it('refuses what it cannot do, and whoever has no token', async () => {
    const tokenFile = join(folder, 'serve-token');
    await writeFile(tokenFile, 'a-secret\n');
    const server = await serve('--token-file', tokenFile);
    try {
      const refused = async (body: unknown, status: number, message: string, token = 'a-secret') => {
        const response = await server.ask('/v1/generate', body, { authorization: `Bearer ${token}` });
        expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(message)]);
      };
      const request = { task: 'reverse', sources: ['a b'] };
      expect((await server.ask('/health')).status).toBe(200);
      expect((await server.ask('/v1/generate', request)).status).toBe(401);
      expect((await server.ask('/metrics')).status).toBe(401);
      await refused(request, 401, 'The token is wrong', 'another');
      await refused({ ...request, task: 'revers' }, 404, 'its tasks are');
      await refused({ ...request, sources: [] }, 400, 'body/sources');
      await refused({ ...request, sources: new Array(257).fill('a') }, 400, 'body/sources');
      await refused({ ...request, sources: ['a'.repeat(10_001)] }, 400, 'body/sources/0');
      await refused({ ...request, sources: ['x y'] }, 400, 'that the training data did not have');
      await refused(
        { ...request, options: { search: { kind: 'beam', seed: 1 } } },
        400,
        'leave it out, or search by sample',
      );
      await refused({ ...request, run }, 400, 'Unrecognized key');
      await refused('{"task": ', 400, 'SPEC_INVALID');
      await refused(`{"task": "${'x'.repeat(1024 * 1024)}"}`, 413, 'The request is over 1 MiB');
      expect((await server.ask('/v1/runs')).status).toBe(404);
      // One that cannot be read fails alone.
      const [good, bad] = await Promise.all(
        [['a b'], ['x']].map((sources) =>
          server.ask('/v1/generate', { ...request, sources }, { authorization: 'Bearer a-secret' }),
        ),
      );
      expect([good?.status, bad?.status]).toEqual([200, 400]);
    } finally {
      expect(await server.stop()).toBe(0);
    }
  }, 120_000);

  it('says why it cannot begin', async () => {
    const refused = async (args: readonly string[], message: string) => {
      const outcome = await cli(['serve', ...args]);
      expect(outcome).toMatchObject({ code: 1, stdout: '' });
      expect(outcome.stderr).toContain(message);
      expect(outcome.stderr).not.toMatch(/\n\s+at /);
    };
    await refused(['nobody', '--port', '0'], 'nobody');
    await refused([run, '--host', '0.0.0.0', '--port', '0'], 'whoever asks there needs a token; name a file');
    await refused(
      [run, '--port', new URL(here.cliEnv.TRIBUTARY_API_URL).port],
      'is taken; choose another with --port.',
    );
  }, 120_000);
});
