/** The fields of one stanza; the lines of a field are kept apart by `\n`, each with its leading space cut off. */
export type Stanza = ReadonlyMap<string, string>;

/**
 * The stanzas of a Debian control file: `Field: value`, lines that begin with white space belong to the field above, an empty line
 * ends the stanza (deb822(5)).
 */
export function* controlStanzas(text: string): Generator<Stanza> {
  for (const block of text.split(/\n{2,}/)) {
    const stanza = stanzaOf(block);
    if (stanza.size > 0) yield stanza;
  }
}

function stanzaOf(block: string): Stanza {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of block.split('\n')) {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (last !== undefined) fields.set(last, `${fields.get(last)}\n${line.slice(1)}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    last = line.slice(0, colon);
    fields.set(last, line.slice(colon + 1).trim());
  }
  return fields;
}
