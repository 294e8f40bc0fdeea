import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Report, secondsSince } from './command.js';
import { exclusively } from './exclusive.js';

/** What is fetched and unpacked into one folder of the cache. */
export interface CachedTool<Found extends { readonly version: string }> {
  /** As the reports call it. */
  readonly name: string;
  readonly folder: string;
  readonly report: Report;
  /** What was set up before, or undefined. */
  find(): Found | undefined;
  /**
   * Fills a folder that takes its place once it is whole.
   * @param made the folder, empty
   * @param scratch another one, gone afterwards
   * @returns why this system cannot have it; null when it is made
   */
  make(made: string, scratch: string): Promise<string | null>;
}

export type SetUp<Found> = ({ readonly ok: true } & Found) | { readonly ok: false; readonly reason: string };

/** Finds it, or makes it, while other processes that want it wait. What is broken off leaves nothing that would be found. */
export async function setUpOnce<Found extends { readonly version: string }>(
  tool: CachedTool<Found>,
): Promise<SetUp<Found>> {
  const { name, folder, report } = tool;
  const before = tool.find();
  if (before !== undefined) return { ok: true, ...before };
  const waiting = `${name}: another process is setting it up; waiting`;
  return exclusively(`${folder}.lock`, { waiting, report, timeoutMs: 600_000 }, async () => {
    const meanwhile = tool.find();
    if (meanwhile !== undefined) return { ok: true, ...meanwhile };
    const startedAtMs = Date.now();
    const scratch = `${folder}.building`;
    await rm(scratch, { recursive: true, force: true });
    const made = join(scratch, 'made');
    await mkdir(made, { recursive: true });
    try {
      const reason = await tool.make(made, scratch);
      if (reason !== null) return { ok: false, reason };
      await rm(folder, { recursive: true, force: true });
      await rename(made, folder);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    const found = tool.find();
    if (found === undefined) throw new Error(`${folder} was made, and is not found`);
    report(`${name}: ready in ${secondsSince(startedAtMs)} (${found.version})`);
    return { ok: true, ...found };
  });
}
