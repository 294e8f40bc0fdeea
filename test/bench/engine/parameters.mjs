/** Parameters that all contestants of a case begin with, as a file: they then must have the same first loss. */
import { readFileSync, writeFileSync } from 'node:fs';

/** @param {{ layout: import('@tributary/layout').FlatLayout, values: Float32Array, prefix: string }[]} vectors */
export function writeParameters(path, vectors) {
  const entries = [];
  let offset = 0;
  for (const { layout, prefix } of vectors) {
    for (const entry of layout.entries)
      entries.push({ name: `${prefix}${entry.name}`, shape: entry.shape, offset: offset + entry.offset });
    offset += layout.elements;
  }
  const values = new Float32Array(offset);
  let at = 0;
  for (const vector of vectors) {
    values.set(vector.values, at);
    at += vector.values.length;
  }
  writeFileSync(`${path}.f32`, values);
  writeFileSync(`${path}.json`, JSON.stringify(entries));
}

/** @returns {Map<string, { shape: number[], values: Float32Array }>} */
export function readParameters(path) {
  const bytes = readFileSync(`${path}.f32`);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return new Map(
    JSON.parse(readFileSync(`${path}.json`, 'utf8')).map(({ name, shape, offset }) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      return [name, { shape, values: all.slice(offset, offset + size) }];
    }),
  );
}
