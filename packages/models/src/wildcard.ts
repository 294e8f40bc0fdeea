/**
 * A matcher of names: `*` stands for any characters, all else for itself. Gives what each `*` stood for (as much as
 * possible, from the left), or null where the name does not match.
 */
export function wildcard(pattern: string): (name: string) => string[] | null {
  const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const expression = new RegExp(`^${pattern.split('*').map(literal).join('(.*)')}$`, 's');
  return (name) => expression.exec(name)?.slice(1) ?? null;
}
