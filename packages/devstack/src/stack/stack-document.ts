import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { writeWholeFile } from '../setup/whole-file.js';
import type { StackFolders } from './stack-folders.js';

/** Every port of a stack, all on 127.0.0.1. */
export const portNames = [
  'postgres',
  'nats',
  'natsMonitor',
  'temporal',
  'temporalHistory',
  'temporalMatching',
  'temporalWorker',
  'temporalUi',
  'temporalMetrics',
  'prometheus',
  'api',
] as const;
export type PortName = (typeof portNames)[number];
export type StackPorts = Readonly<Record<PortName, number>>;

/** What a stack remembers from one `up` to the next. */
export interface StackDocument {
  readonly format: 1;
  /** Namespaces of NATS names and Temporal task queues; the services use the first. */
  readonly namespaces: readonly string[];
  readonly ports: StackPorts;
}

function documentFile(folders: StackFolders): string {
  return join(folders.state, 'stack.json');
}

/** @returns undefined for a stack that was never up. */
export async function readStackDocument(folders: StackFolders): Promise<StackDocument | undefined> {
  const file = documentFile(folders);
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new TributaryError(
      'SERVER_FAILED',
      `The state of the stack cannot be read (${file}); check its owner and mode.`,
      { cause: error },
    );
  }
  const parsed: unknown = JSON.parse(content);
  if (!isStackDocument(parsed)) {
    throw new TributaryError(
      'SERVER_FAILED',
      `${file} is not a stack file of this version of Tributary; move it away and run tributary up.`,
    );
  }
  return parsed;
}

export async function writeStackDocument(folders: StackFolders, document: StackDocument): Promise<void> {
  await writeWholeFile(documentFile(folders), `${JSON.stringify(document, null, 2)}\n`, 0o600);
}

function isStackDocument(value: unknown): value is StackDocument {
  if (typeof value !== 'object' || value === null) return false;
  if (!('format' in value) || value.format !== 1) return false;
  if (!('ports' in value) || typeof value.ports !== 'object' || value.ports === null) return false;
  const ports: object = value.ports;
  const complete = portNames.every(
    (name) => name in ports && Number.isInteger((ports as Record<string, unknown>)[name]),
  );
  return complete && 'namespaces' in value && Array.isArray(value.namespaces) && value.namespaces.length > 0;
}

// Below the range that Linux hands out for outgoing connections (32768 on): such a port stays free while the stack is down.
const firstPort = 17_000;
const lastPort = 31_999;

/** True when nothing listens on the port of the loopback interface. */
export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Chooses a free port for each name, none of them in `taken`. */
export async function chooseFreePorts(
  names: readonly PortName[],
  taken: ReadonlySet<number> = new Set(),
): Promise<Partial<Record<PortName, number>>> {
  const chosen: Partial<Record<PortName, number>> = {};
  const used = new Set(taken);
  // A random start keeps stacks that come up at the same moment apart.
  let candidate = firstPort + Math.floor(Math.random() * (lastPort - firstPort));
  for (const name of names) {
    for (let tries = 0; ; tries += 1) {
      if (tries > lastPort - firstPort) {
        throw new TributaryError(
          'PREREQUISITE_MISSING',
          `No port between ${firstPort} and ${lastPort} is free on 127.0.0.1; end a program that listens there.`,
        );
      }
      candidate = candidate >= lastPort ? firstPort : candidate + 1;
      if (!used.has(candidate) && (await portIsFree(candidate))) break;
    }
    chosen[name] = candidate;
    used.add(candidate);
  }
  return chosen;
}
