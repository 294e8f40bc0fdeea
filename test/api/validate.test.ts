import type { ValidationReplyDocument } from '@tributary/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';

let here: ApiInstallation;
beforeAll(async () => {
  here = await ApiInstallation.open();
});
afterAll(() => here.close());

async function validated(text: string): Promise<ValidationReplyDocument> {
  const response = await here.request('POST', '/v1/validate', { text });
  expect(response.status).toBe(200);
  return (await response.json()) as ValidationReplyDocument;
}

it('tells what a sound run file says, and which files it names', async () => {
  const before = await here.written();
  const text = `
experiment: mine
tasks:
  - name: dates
    data: { source: file, format: tsv, path: dates.tsv, validation: held.tsv, columns: { source: a, target: b } }
  - name: again
    data: { source: file, format: tsv, path: dates.tsv, columns: { source: a, target: b } }
  - name: spell
    data: { source: words, kind: spell }
budget: { steps: 4 }
`;
  const { spec, files, problems } = await validated(text);
  expect(problems).toEqual([]);
  expect(files).toEqual(['dates.tsv', 'held.tsv']);
  expect(spec).toMatchObject({ experiment: 'mine', seed: 1, checkpoints: { every: 200 } });
  expect(await here.written()).toEqual(before);
});

it('names each problem with its line and field, and what is no YAML with its line', async () => {
  const { spec, problems } = await validated(
    'experiment: mine\nbudget: { steps: 0 }\ntasks:\n  - name: a\n    dta: {}\n',
  );
  expect(spec).toBeNull();
  expect(problems.map(({ line, field }) => [line, field])).toContainEqual([2, 'budget.steps']);
  expect(problems.find(({ line }) => line === 5)?.message).toMatch(/data/);
  expect((await validated('a: [1\n')).problems[0]).toMatchObject({ line: expect.any(Number), field: '' });
  expect((await validated('x'.repeat(1024 * 1024 + 1))).problems[0]?.message).toMatch(/at most 1 MiB/);
});

it('lets only holders of the token ask', async () => {
  const response = await here.request('POST', '/v1/validate', { text: '' }, { authorization: 'Bearer wrong' });
  expect(response.status).toBe(401);
});
