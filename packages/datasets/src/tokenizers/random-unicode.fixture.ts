/** ASCII, white space, combining marks, Arabic and Hebrew, Devanagari, kana, Han, emoji, all planes: as reference.fixture.py draws them. */
const ranges = [
  [0x20, 0x7e],
  [0x20, 0x7e],
  [0x61, 0x7a],
  [0x09, 0x0d],
  [0x20, 0x20],
  [0x80, 0xff],
  [0x100, 0x24f],
  [0x300, 0x36f],
  [0x5d0, 0x6ff],
  [0x900, 0x97f],
  [0x2000, 0x206f],
  [0x3000, 0x30ff],
  [0x4e00, 0x9fff],
  [0xfe00, 0xfeff],
  [0x1f300, 0x1faff],
  [0x10000, 0x1ffff],
  [0x27, 0x27],
  [0x0, 0xd7ff],
  [0xe000, 0x10ffff],
] as const;

/** The same texts each time, of 1 to 40 characters. */
export function randomTexts(count: number): string[] {
  let state = 1;
  const draw = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % bound;
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + draw(40) }, () => {
      const [start, end] = ranges[draw(ranges.length)] as readonly [number, number];
      return String.fromCodePoint(start + draw(end - start + 1));
    }).join(''),
  );
}
