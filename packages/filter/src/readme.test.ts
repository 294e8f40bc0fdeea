import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { attributeNames } from './attributes.js';
import { documented, documentedOrders, documentedRefusals } from './documented.fixture.js';
import { filterLimits, parseFilter, parseOrder } from './index.js';

it.each(await documented())('the filter %s is read', (text) => {
  expect(() => parseFilter(text)).not.toThrow();
});
it.each(await documentedOrders())('the order %s is read', (text) => {
  expect(() => parseOrder(text)).not.toThrow();
});
it.each(await documentedRefusals())('the filter %s is refused', (text) => {
  expect(() => parseFilter(text)).toThrowError(/^Column \d+ of the filter: /);
});

it('is documented whole', async () => {
  expect((await documented()).length).toBeGreaterThan(25);
  expect((await documentedOrders()).length).toBeGreaterThan(4);
  expect((await documentedRefusals()).length).toBeGreaterThan(3);
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  for (const name of attributeNames) expect(readme).toContain(`\`${name}\``);
  for (const limit of Object.values(filterLimits)) expect(readme).toContain(limit.toLocaleString('en-US'));
});
