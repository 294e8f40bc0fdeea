import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const css = await readFile(new URL('./tokens.css', import.meta.url), 'utf8');
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [
    name as string,
    [light as string, dark as string] as const,
  ]),
);

/** Relative luminance and contrast as WCAG 2 defines them. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string, scheme: 0 | 1): number {
  const [a, b] = [one, other].map((name) => {
    const token = tokens.get(name);
    if (token === undefined) throw new Error(`There is no token --${name}`);
    return luminance(token[scheme]);
  }) as [number, number];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const pairs: [string, string, number][] = [
  ...['ink', 'ink-soft', 'accent'].flatMap((text): [string, string, number][] =>
    ['page', 'surface', 'sunken'].map((ground) => [text, ground, 4.5]),
  ),
  ...['accent', 'bad', 'warn', 'done', 'calm'].map((word): [string, string, number] => [word, `${word}-wash`, 4.5]),
  ...['bad', 'warn', 'done'].map((wash): [string, string, number] => ['ink', `${wash}-wash`, 4.5]),
  ['accent', 'bad-wash', 4.5],
  ['accent', 'warn-wash', 4.5],
  ['ink-soft', 'accent-wash', 4.5],
  ['on-accent', 'accent', 4.5],
  ['on-bad', 'bad', 4.5],
  ['rule-strong', 'surface', 3],
  ['rule-strong', 'page', 3],
  ...Array.from({ length: 8 }, (_, place): [string, string, number] => [`line-${place + 1}`, 'surface', 3]),
];

it.each(pairs)('--%s on --%s has a contrast of at least %d in both schemes', (one, other, least) => {
  for (const scheme of [0, 1] as const) expect(contrast(one, other, scheme)).toBeGreaterThanOrEqual(least);
});
