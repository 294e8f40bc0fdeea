/** One member of the gradient exchange, or of the naive one: node member.mjs JOB. Kept over all cases of a size. */
import { readFileSync } from 'node:fs';
import { connect } from '@nats-io/transport-node';
import { answer, job, serveLines } from '../shared/lines.mjs';
import { openExchange } from './exchange-case.mjs';
import { fillGradient } from './gradients.mjs';
import { openNaive } from './naive-case.mjs';

const { member, size, elements, url, user, password } = job();
const connection = await connect({ servers: url, user, pass: password, name: `bench member ${member}` });

/** Bytes that this process has given to write calls of any kind: its sockets', but for a line of JSON now and then. */
const written = () => Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))[1]);

/** Resolves once every member is there. */
async function openBarrier(subject) {
  let heard = 0;
  let wanted = 0;
  let wake = () => undefined;
  const subscription = connection.subscribe(subject, {
    callback: () => {
      heard += 1;
      if (heard >= wanted) wake();
    },
  });
  await connection.flush();
  return {
    async all() {
      wanted += size;
      const there = new Promise((resolve) => {
        wake = resolve;
      });
      connection.publish(subject);
      if (heard < wanted) await there;
    },
    close: () => subscription.unsubscribe(),
  };
}

let current = null;

answer({ ready: true });
await serveLines({
  async open({ subject, case: benchCase }) {
    const open = benchCase.kind === 'naive' ? openNaive : openExchange;
    const context = { member, size, elements, subject, connection, access: { url, user, password } };
    const running = await open(context, benchCase);
    fillGradient(running.gradient, member);
    current = { ...running, barrier: await openBarrier(`${subject}.bench-barrier`) };
  },
  /** So many steps, each after a barrier; the last one's result is checked. */
  async steps({ count }) {
    const ms = [];
    const cpu = process.cpuUsage();
    const before = written();
    for (let left = count; left > 0; left--) {
      await current.barrier.all();
      const began = performance.now();
      await current.step();
      ms.push(performance.now() - began);
    }
    const bytes = (written() - before) / count;
    const { user: inUser, system } = process.cpuUsage(cpu);
    return { ms, bytes, cpu_s: (inUser + system) / 1e6 / count, ...current.about() };
  },
  async close() {
    current.check();
    current.barrier.close();
    await current.close();
    current = null;
    globalThis.gc?.();
  },
});
await connection.close();
process.exit(0);
