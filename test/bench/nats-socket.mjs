// Bytes through a broker between two processes, by the exchange's own client and by @nats-io/transport-node: GB/s, and CPU
// seconds a GB of sender, receiver and broker. Alternates both; a window of acknowledged bytes bounds what is under way.
// Usage: node test/bench/nats-socket.mjs [--clients socket,nats-io] [--kib 32,64,128] [--mib 1024] [--rounds 3]
//   [--buffer-kib 1024] [--window-mib 16] [--env GOGC=100] [--server '{"max_pending":67108864}']
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from '@nats-io/transport-node';
import { natsTransport } from '@tributary/collectives';
import { natsMaxPayloadBytes, natsMaxPendingBytes, natsRuntimeEnvironment } from '@tributary/devstack';
import { ownNatsServer } from '@tributary/testing';

const self = fileURLToPath(import.meta.url);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const headBytes = 32;

/** What a client is here: sends a payload to the other one, and is told of those that come. */
const clients = {
  async socket({ member, address, subject, bufferBytes }, onMessage) {
    const buffer = new Uint8Array(new SharedArrayBuffer(bufferBytes));
    const transport = await natsTransport({ servers: address, subject, self: member, size: 2, buffer });
    transport.onMessage((_, payload) => onMessage(payload));
    return { send: (head, body) => transport.send(1 - member, head, body), close: () => transport.close() };
  },
  async 'nats-io'({ member, address, subject }, onMessage) {
    const connection = await connect({ servers: address });
    connection.subscribe(`${subject}.to.${member}`, { callback: (_, message) => onMessage(message.data) });
    await connection.flush();
    // It takes one payload; head and body are joined by a copy, as the exchange did with it.
    const send = (head, body) => {
      const payload = Buffer.allocUnsafe(head.length + body.length);
      payload.set(head);
      payload.set(body, head.length);
      connection.publish(`${subject}.to.${1 - member}`, payload);
    };
    return { send, close: () => connection.close() };
  },
};

async function runMember(options) {
  const { client, member, payloadBytes, totalBytes, windowBytes } = options;
  const data = new Uint8Array(new SharedArrayBuffer(64 * 1024 * 1024)).fill(1);
  const head = new Uint8Array(headBytes);
  const empty = new Uint8Array(0);
  const bodyBytes = payloadBytes - headBytes;
  const acknowledgeBytes = Math.max(payloadBytes, windowBytes >> 4);
  let moved = 0;
  let acknowledged = 0;
  let sum = 0;
  let tellDone = () => undefined;
  const done = new Promise((resolve) => {
    tellDone = resolve;
  });
  let sendMore = () => undefined;
  const connection = await clients[client](options, (payload) => {
    if (member === 0) {
      acknowledged += acknowledgeBytes;
      sendMore();
      return;
    }
    moved += payload.length;
    sum += payload[payload.length - 1];
    // The first payload is the sender's question whether this one is there.
    for (; acknowledged + acknowledgeBytes <= moved; acknowledged += acknowledgeBytes) connection.send(head, empty);
    if (moved >= totalBytes) tellDone();
  });
  await new Promise((resolve) => process.once('message', resolve).send({ ready: true }));
  const cpu = process.cpuUsage();
  const began = performance.now();
  if (member === 0) {
    let at = 0;
    sendMore = () => {
      while (moved < totalBytes && moved - acknowledged + payloadBytes <= windowBytes) {
        if (at + bodyBytes > data.length) at = 0;
        connection.send(head, data.subarray(at, at + bodyBytes));
        at += bodyBytes;
        moved += payloadBytes;
      }
      if (acknowledged + acknowledgeBytes > totalBytes) tellDone();
    };
    sendMore();
  }
  await done;
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  process.send({ ms, moved, sum, cpuSeconds: (user + system) / 1e6 });
  await new Promise((resolve) => process.once('message', resolve));
  await connection.close();
  process.disconnect();
}

/** CPU seconds that a process has used. */
function cpuSecondsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const next = (child) =>
  new Promise((resolve, reject) => {
    const ended = (code) => reject(new Error(`a member ended with code ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });

async function measure(server, options) {
  const subject = `bench.${randomUUID()}`;
  const members = [0, 1].map((member) =>
    fork(self, ['--member', JSON.stringify({ ...options, member, subject, address: server.address })]),
  );
  await Promise.all(members.map(next));
  const before = cpuSecondsOf(server.pid);
  const results = members.map(next);
  members[1].send('go');
  members[0].send('go');
  const [sent, received] = await Promise.all(results);
  const broker = cpuSecondsOf(server.pid) - before;
  const ended = members.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of members) child.send('end');
  await Promise.all(ended);
  const gigabytes = sent.moved / 1e9;
  return {
    gigabytesASecond: received.moved / 1e6 / received.ms,
    send: sent.cpuSeconds / gigabytes,
    receive: received.cpuSeconds / gigabytes,
    broker: broker / gigabytes,
  };
}

const { values } = parseArgs({
  options: {
    member: { type: 'string' },
    clients: { type: 'string', default: 'socket,nats-io' },
    kib: { type: 'string', default: '32,64,128,256,512' },
    mib: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
    'buffer-kib': { type: 'string', default: '1024' },
    'window-mib': { type: 'string', default: '16' },
    env: { type: 'string', multiple: true, default: [] },
    server: { type: 'string', default: '{}' },
  },
});

if (values.member !== undefined) {
  await runMember(JSON.parse(values.member));
} else {
  const env = { ...natsRuntimeEnvironment, ...Object.fromEntries(values.env.map((each) => each.split('='))) };
  const limits = { max_payload: natsMaxPayloadBytes, max_pending: natsMaxPendingBytes };
  const server = await ownNatsServer(() => ({ ...limits, ...JSON.parse(values.server) }), { env });
  await server.start();
  const numbers = (text) => text.split(',').map(Number);
  const cases = [];
  for (const kib of numbers(values.kib))
    for (const bufferKib of numbers(values['buffer-kib']))
      for (const client of values.clients.split(',')) cases.push({ kib, bufferKib, client, results: [] });
  try {
    for (let round = 0; round < Number(values.rounds); round++)
      for (const { kib, bufferKib, client, results } of cases)
        results.push(
          await measure(server, {
            client,
            payloadBytes: kib * 1024,
            totalBytes: Number(values.mib) * 1024 * 1024,
            windowBytes: Number(values['window-mib']) * 1024 * 1024,
            bufferBytes: bufferKib * 1024,
          }),
        );
  } finally {
    await server.remove();
  }
  console.log('client     payload KiB   buffer KiB    GB/s   CPU-s/GB: send   receive   broker');
  for (const { kib, bufferKib, client, results } of cases) {
    const of = (what, width) =>
      median(results.map((each) => each[what]))
        .toFixed(2)
        .padStart(width);
    console.log(
      `${client.padEnd(10)} ${String(kib).padStart(11)} ${String(bufferKib).padStart(12)} ${of('gigabytesASecond', 7)} ${of('send', 16)} ${of('receive', 9)} ${of('broker', 8)}`,
    );
  }
}
