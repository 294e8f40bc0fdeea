import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { TributaryError } from '@tributary/protocol';
import { runCommand } from '../setup/command.js';

/** How Postgres, which refuses to run as root or as a user without an account, is started by one. */
export interface PlainUser {
  /** Whom the data folder must belong to; undefined where it stays with the user who runs Tributary. */
  readonly owner: Account | undefined;
  /** Goes in front of the command. */
  readonly prefix: readonly string[];
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * For an ordinary user: undefined. For root: `setpriv` to an account of the machine that keeps only the right to pass
 * closed folders (CAP_DAC_OVERRIDE), because root's home, where the cache and the data lie, is closed to others. Where
 * that is not allowed, and for a container's nameless user: a user namespace, in which the process bears another id.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` where Postgres cannot be started at all.
 */
export async function plainUser(): Promise<PlainUser | undefined> {
  const uid = process.getuid?.();
  if (uid === undefined || (uid !== 0 && hasAccount())) return undefined;
  const account = findAccount('postgres') ?? findAccount('nobody');
  const reasons: string[] = [];
  if (uid === 0 && account !== undefined) {
    const prefix = privilegePrefix(account);
    const tried = await runCommand('setpriv', [...prefix.slice(1), 'true']);
    if (tried.ok) return { owner: account, prefix };
    reasons.push(tried.output.trim());
  }
  if (account !== undefined) {
    const prefix = ['unshare', '--user', `--map-user=${account.uid}`, `--map-group=${account.gid}`];
    const tried = await runCommand('unshare', [...prefix.slice(1), 'true']);
    if (tried.ok) return { owner: undefined, prefix };
    reasons.push(tried.output.trim());
  }
  const who = uid === 0 ? 'root' : `user ${uid}, who has no account in /etc/passwd`;
  throw new TributaryError(
    'PREREQUISITE_MISSING',
    `Postgres does not run as ${who}, and cannot be started as another user here (${reasons.join('; ')}); run Tributary as an ordinary user or install util-linux.`,
  );
}

function privilegePrefix({ uid, gid }: Account): string[] {
  const identity = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  // Without the secure bit, access(2) ignores the capability, and initdb does not find its neighbour postgres.
  const rights = ['--securebits', '+no_setuid_fixup', '--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  return ['setpriv', ...identity, ...rights, '--bounding-set', '-all,+dac_override'];
}

function accounts(): string[][] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
}

/** Whether the system knows the user's name, from /etc/passwd or a directory service. */
function hasAccount(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

function findAccount(name: string): Account | undefined {
  const [, , uid, gid] = accounts().find((fields) => fields[0] === name) ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}
