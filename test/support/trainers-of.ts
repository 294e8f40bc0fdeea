import { readFile } from 'node:fs/promises';

/** The children of an agent: its trainer first, then the standby if there is one. */
export async function trainersOf(agent: number): Promise<number[]> {
  const children = await readFile(`/proc/${agent}/task/${agent}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}
