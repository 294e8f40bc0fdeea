import { spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { atEnd } from '../shared/run-bench.mjs';

const marker = 'TRIBUTARY_BENCH_IN_NAMESPACE';

/** Addresses of the two ends of the link. */
export const nearAddress = '10.77.0.1';
const farAddress = '10.77.0.2';

/** Whether this process already runs in a network namespace of its own. */
export const inNamespace = () => process.env[marker] === '1';

/**
 * Runs this program once more in a network namespace of its own, which vanishes with its last process. Without being root: in a user
 * namespace too. @returns its exit code
 */
export function runInNamespace() {
  const asRoot = process.getuid() === 0;
  const way = ['--net', ...(asRoot ? [] : ['--user', '--map-root-user'])];
  const tried = spawnSync('unshare', [...way, 'true'], { encoding: 'utf8' });
  if (tried.status !== 0)
    throw new Error(
      `a network namespace cannot be made (unshare ${way.join(' ')}: ${(tried.stderr || String(tried.error)).trim()}); run it as root, or allow user namespaces`,
    );
  const child = spawn('unshare', [...way, process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [marker]: '1' },
  });
  // The program inside ends what it started; this one only waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ? 1 : code));
  });
}

function command(file, ...args) {
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${file} ${args.join(' ')}: ${(stderr || String(error)).trim()} (needs iproute2 with ip and tc)`);
}

/**
 * A second network namespace, and a link to it of `rate` bits a second both ways (token bucket).
 * @returns the command that runs a program over there
 */
export async function openFarNamespace({ rateMbit }) {
  // It holds the namespace, and ends with this process, whose pipe it reads.
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const gone = new Promise((resolve) => holder.once('exit', resolve));
  atEnd(async () => {
    holder.kill('SIGKILL');
    await gone;
  });
  const namespaceOf = (pid) => readlinkSync(`/proc/${pid}/ns/net`);
  for (let tries = 0; namespaceOf(holder.pid) === namespaceOf('self'); tries++) {
    if (tries > 500) throw new Error('the second network namespace does not come up');
    await delay(10);
  }
  const there = ['nsenter', '--target', String(holder.pid), '--net'];
  const far = (...args) => command(...there, ...args);
  const bucket = (name) => [
    'tc',
    'qdisc',
    'add',
    'dev',
    name,
    'root',
    'tbf',
    'rate',
    `${rateMbit}mbit`,
    'burst',
    '64kb',
    'latency',
    '200ms',
  ];
  command('ip', 'link', 'set', 'lo', 'up');
  command('ip', 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', String(holder.pid));
  command('ip', 'address', 'add', `${nearAddress}/30`, 'dev', 'near');
  command('ip', 'link', 'set', 'near', 'up');
  far('ip', 'link', 'set', 'lo', 'up');
  far('ip', 'address', 'add', `${farAddress}/30`, 'dev', 'far');
  far('ip', 'link', 'set', 'far', 'up');
  command(...bucket('near'));
  far(...bucket('far'));
  return there;
}
