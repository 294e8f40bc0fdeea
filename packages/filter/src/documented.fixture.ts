import { readFile } from 'node:fs/promises';

/** What stands in code in the first column of the README's tables whose head is one of these. */
async function examplesOf(heads: readonly string[]): Promise<string[]> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const examples: string[] = [];
  let wanted = false;
  for (const line of readme.split('\n')) {
    const [, first = ''] = /^\| *(.*?) +\|/.exec(line) ?? [];
    if (heads.includes(first)) wanted = true;
    else if (!line.startsWith('|')) wanted = false;
    const [, code] = /^(?:``(?! )|`` |`)(.*?)(?: ``|``|`)$/.exec(first) ?? [];
    if (wanted && code !== undefined) examples.push(code);
  }
  return examples;
}

/** The filters of the README. */
export const documented = (): Promise<string[]> => examplesOf(['filter']);
/** Its orders. */
export const documentedOrders = (): Promise<string[]> => examplesOf(['order']);
/** Its filters that are refused. */
export const documentedRefusals = (): Promise<string[]> => examplesOf(['refused']);
