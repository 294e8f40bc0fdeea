import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWholeFile } from '../setup/whole-file.js';
import type { StackFolders } from './stack-folders.js';

/** `nats-control`: the services. `nats-worker`: the agents. `api`: the token that the CLI sends. `postgres`: the owner of the database. */
export const secretNames = ['postgres', 'nats-control', 'nats-worker', 'api'] as const;
export type SecretName = (typeof secretNames)[number];

export function secretFile(folders: StackFolders, name: SecretName): string {
  return join(folders.secrets, name);
}

/** Generates the secrets that are missing; each is a 0600 file that holds 43 URL-safe characters and nothing else. */
export async function ensureSecrets(folders: StackFolders): Promise<void> {
  for (const name of secretNames) {
    const file = secretFile(folders, name);
    if ((await readSecret(file)) === undefined)
      await writeWholeFile(file, randomBytes(32).toString('base64url'), 0o600);
  }
}

/** The content of a secret file, or undefined where it is missing or empty. */
export async function readSecret(file: string): Promise<string | undefined> {
  const content = await readFile(file, 'utf8').catch(() => '');
  return content.trim() === '' ? undefined : content.trim();
}
