import { spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A network namespace with one link to this one, which can be cut and healed. */
export interface FarNetwork {
  /** Goes before a command to run it over there. */
  readonly prefix: readonly string[];
  /** Where it finds the port that was forwarded. */
  readonly address: string;
  cut(): void;
  heal(): void;
  close(): Promise<void>;
}

function command(...[file, ...args]: readonly string[]): void {
  const { status, stderr, error } = spawnSync(file as string, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${(stderr || String(error)).trim()}`);
}

/**
 * Opens a namespace and forwards one port of the loopback interface into it. The namespace and its link end with this process.
 * @throws Error where it may not be made: not root, no iproute2, no right to.
 */
export async function openFarNetwork(port: number): Promise<FarNetwork> {
  // It holds the namespace, and ends with this process, whose pipe it reads.
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let refused = '';
  holder.stderr.on('data', (chunk) => (refused += chunk));
  const gone = new Promise<void>((resolve) => {
    holder.once('exit', () => resolve());
    holder.once('error', (error) => {
      refused = String(error);
      resolve();
    });
  });
  const near = `trb${process.pid % 1_000_000}`;
  const net = `10.77.${process.pid % 256}`;
  try {
    const self = readlinkSync('/proc/self/ns/net');
    for (let tries = 0; ; tries++) {
      if (refused !== '' || holder.exitCode !== null || tries > 500)
        throw new Error(`unshare --net: ${refused.trim()}`);
      try {
        if (readlinkSync(`/proc/${holder.pid}/ns/net`) !== self) break;
      } catch {
        // It has ended; the next look says so.
      }
      await delay(10);
    }
    const there = ['nsenter', '--target', String(holder.pid), '--net'];
    command('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', 'far', 'netns', String(holder.pid));
    command('ip', 'address', 'add', `${net}.1/30`, 'dev', near);
    command('ip', 'link', 'set', near, 'up');
    command(...there, 'ip', 'link', 'set', 'lo', 'up');
    command(...there, 'ip', 'address', 'add', `${net}.2/30`, 'dev', 'far');
    command(...there, 'ip', 'link', 'set', 'far', 'up');
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (far) => {
      const local = connect({ host: '127.0.0.1', port, noDelay: true });
      const both = [far, local];
      for (const socket of both) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          sockets.delete(socket);
          for (const each of both) each.destroy();
        });
      }
      far.pipe(local);
      local.pipe(far);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: `${net}.1`, port }, resolve);
    });
    return {
      prefix: there,
      address: `${net}.1:${port}`,
      // The end over there goes down: packets are lost both ways, and no connection is told.
      cut: () => command(...there, 'ip', 'link', 'set', 'far', 'down'),
      heal: () => command(...there, 'ip', 'link', 'set', 'far', 'up'),
      close: async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise((done) => server.close(done));
        holder.kill('SIGKILL');
        await gone;
      },
    };
  } catch (error) {
    holder.kill('SIGKILL');
    await gone;
    throw error;
  }
}
