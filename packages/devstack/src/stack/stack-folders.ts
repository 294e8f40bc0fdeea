import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { corporaFolder, dataFolder, stateFolder } from '../setup/folders.js';

/** Where one stack keeps what it has. Everything under `data` must survive; everything under `state` belongs to this machine. */
export interface StackFolders {
  readonly name: string;
  readonly state: string;
  readonly data: string;
  readonly secrets: string;
  readonly logs: string;
  readonly processes: string;
  readonly configuration: string;
  /** Each process writes a file of its scrape targets here; Prometheus watches it. */
  readonly targets: string;
  /** Each service writes a file here once it serves. */
  readonly ready: string;
}

/** The folders of a stack whose two roots are known. */
export function stackFoldersAt(name: string, state: string, data: string): StackFolders {
  return {
    name,
    state,
    data,
    secrets: join(state, 'secrets'),
    logs: join(state, 'logs'),
    processes: join(state, 'processes'),
    configuration: join(state, 'configuration'),
    targets: join(state, 'targets'),
    ready: join(state, 'ready'),
  };
}

/**
 * The XDG folders of a stack: `$XDG_STATE_HOME/tributary/<name>` and `$XDG_DATA_HOME/tributary/<name>`.
 *
 * @param name defaults to `TRIBUTARY_STACK`, then `default`.
 * @throws TributaryError `SPEC_INVALID` for a name that is not a plain folder name.
 */
export function stackFolders(name?: string, env: NodeJS.ProcessEnv = process.env): StackFolders {
  const chosen = name ?? (env.TRIBUTARY_STACK || 'default');
  if (!/^[a-z0-9][a-z0-9_-]{0,40}$/.test(chosen) || chosen === basename(corporaFolder(env))) {
    throw new TributaryError(
      'SPEC_INVALID',
      `The stack name "${chosen}" must be 1 to 41 of a-z, 0-9, - and _, and not "corpora"; change TRIBUTARY_STACK.`,
    );
  }
  return stackFoldersAt(chosen, join(stateFolder(env), chosen), join(dataFolder(env), chosen));
}

/** A stack that lies in one folder of the caller's, as tests want it. */
export function stackFoldersIn(folder: string): StackFolders {
  return stackFoldersAt(folder, join(folder, 'state'), join(folder, 'data'));
}

/** Makes the folders; only this user may enter them. */
export async function makeStackFolders(folders: StackFolders): Promise<void> {
  for (const folder of [folders.state, folders.data]) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const folder of [
    folders.secrets,
    folders.logs,
    folders.processes,
    folders.configuration,
    folders.targets,
    folders.ready,
  ]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
}

/** The lock under which a stack is brought up and down. */
export function stackLockFile(folders: StackFolders): string {
  return join(folders.state, 'stack.lock');
}
