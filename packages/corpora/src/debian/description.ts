/** What Debian says about a package. */
export interface Description {
  /** One line, no sentence. */
  readonly short: string;
  /** Of the long description, in order, each on one line; empty ones are left out. White space within lines stays as it is. */
  readonly paragraphs: readonly string[];
}

/**
 * Reads the value of a `Description` field: the first line is the short description, a line with only a dot ends a paragraph
 * (Debian Policy 5.6.13).
 */
export function parseDescription(value: string): Description {
  const [short = '', ...lines] = value.split('\n');
  const paragraphs: string[][] = [[]];
  for (const line of lines) {
    if (line.trim() === '.') paragraphs.push([]);
    else if (line.trim() !== '') paragraphs.at(-1)?.push(line.trim());
  }
  return {
    short: short.trim(),
    paragraphs: paragraphs.map((each) => each.join(' ')).filter((text) => text !== ''),
  };
}
