import { readFileSync } from 'node:fs';
import { TributaryError } from '@tributary/protocol';
import { runCommand } from '../setup/command.js';

/** How Postgres, which refuses to run as root, is started by root. */
export interface PlainUser {
  /** Whom the data folder must belong to; undefined where it stays root's. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Goes in front of the command; empty for an ordinary user. */
  readonly prefix: readonly string[];
}

/**
 * For an ordinary user: undefined. For root: `setpriv` to an account of the machine that keeps only the right to pass
 * closed folders (CAP_DAC_OVERRIDE), because root's home, where the cache and the data lie, is closed to others. Where
 * that is not allowed: a user namespace, in which root's process bears another id.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` for root on a machine where neither is possible.
 */
export async function plainUser(): Promise<PlainUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const account = findAccount('postgres') ?? findAccount('nobody');
  const reasons: string[] = [];
  if (account !== undefined) {
    const prefix = privilegePrefix(account);
    const tried = await runCommand('setpriv', [...prefix.slice(1), 'true']);
    if (tried.ok) return { owner: account, prefix };
    reasons.push(tried.output.trim());
  }
  const namespace = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
  const tried = await runCommand('unshare', [...namespace.slice(1), 'true']);
  if (tried.ok) return { owner: undefined, prefix: namespace };
  reasons.push(tried.output.trim());
  throw new TributaryError(
    'PREREQUISITE_MISSING',
    `Postgres does not run as root, and neither setpriv nor unshare can start it as another user here (${reasons.join('; ')}); run Tributary as an ordinary user or install util-linux.`,
  );
}

function privilegePrefix({ uid, gid }: { readonly uid: number; readonly gid: number }): string[] {
  const identity = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  // Without the secure bit, access(2) ignores the capability, and initdb does not find its neighbour postgres.
  const rights = ['--securebits', '+no_setuid_fixup', '--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  return ['setpriv', ...identity, ...rights, '--bounding-set', '-all,+dac_override'];
}

function findAccount(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}
