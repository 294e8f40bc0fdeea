/**
 * Byte-level tokenizers write each byte as one printable character: those that Latin-1 has keep theirs, the other 68 follow from
 * U+0100 on (GPT-2's `bytes_to_unicode`).
 */
function printable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
}

let others = 0;
/** Character of each byte. */
export const byteCharacters: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  String.fromCodePoint(printable(byte) ? byte : 0x100 + others++),
);

const bytes: ReadonlyMap<string, number> = new Map(byteCharacters.map((character, byte) => [character, byte]));

/** All of them in the order of their code points. */
export const byteAlphabet: readonly string[] = byteCharacters.toSorted((a, b) => (a < b ? -1 : 1));

/** The bytes of a token; null: it holds a character that stands for none. */
export function bytesOfToken(token: string): Uint8Array | null {
  const found = Array.from(token, (character) => bytes.get(character));
  return found.includes(undefined) ? null : Uint8Array.from(found as number[]);
}

const encoder = new TextEncoder();

/** Text with each of its UTF-8 bytes as one character. */
export function toByteCharacters(text: string): string {
  let characters = '';
  for (const byte of encoder.encode(text)) characters += byteCharacters[byte];
  return characters;
}

/** Text where the bytes are whole characters, else each byte as `<0xE2>`. */
export function readableBytes(of: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(of);
  } catch {
    return Array.from(of, (byte) => `<0x${byte.toString(16).toUpperCase()}>`).join('');
  }
}
