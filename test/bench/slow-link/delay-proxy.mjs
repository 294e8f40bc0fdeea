/**
 * Forwards connections and holds every piece for a while, both ways: what a long way does, where the kernel has no netem. What is
 * under way is bounded as on a real path, so that whoever sends too fast is held back.
 *
 * Usage: node delay-proxy.mjs {"listen":"10.77.0.1","port":4222,"delayMs":40}; says {"port":…} once it listens; ends with its stdin.
 */
import { connect, createServer } from 'node:net';

const { listen, port, delayMs } = JSON.parse(process.argv.at(-1));
/** Four times what 50 Mbit/s have under way in 40 ms. */
const mostBytes = 1 << 20;

function forward(from, to) {
  let held = 0;
  const queue = [];
  let timed = false;
  const wake = (ms) => {
    if (timed) return;
    timed = true;
    setTimeout(deliver, ms);
  };
  const deliver = () => {
    timed = false;
    const now = performance.now();
    while (queue.length > 0 && queue[0].dueMs <= now) {
      const { bytes } = queue.shift();
      if (bytes === null) {
        to.end();
        return;
      }
      to.write(bytes, () => {
        held -= bytes.length;
        if (held < mostBytes) from.resume();
      });
    }
    if (queue.length > 0) wake(Math.max(0, queue[0].dueMs - now));
  };
  const push = (bytes) => {
    queue.push({ dueMs: performance.now() + delayMs, bytes });
    wake(delayMs);
  };
  from.on('data', (bytes) => {
    held += bytes.length;
    if (held >= mostBytes) from.pause();
    push(bytes);
  });
  from.on('end', () => push(null));
}

const server = createServer({ noDelay: true }, (near) => {
  const far = connect({ host: '127.0.0.1', port, noDelay: true });
  const both = [near, far];
  for (const socket of both) {
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const each of both) each.destroy();
    });
  }
  forward(near, far);
  forward(far, near);
});
server.listen({ host: listen, port }, () => process.stdout.write(`${JSON.stringify({ port })}\n`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
