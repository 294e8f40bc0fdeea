import { checkCombination } from './gradients.mjs';

const chunk = 1 << 17;

/**
 * The exchange that one writes first: pushes everything at once and sums in the order of arrival, without flow control,
 * reliability, fixed order or Gram matrix, over nats.js.
 */
export async function openNaive({ member, size, elements, subject, connection }) {
  const low = (m) => Math.floor((elements * m) / size);
  const gradient = new Float32Array(elements);
  const sum = new Float32Array(low(member + 1) - low(member));
  const result = new Float32Array(elements);
  const got = { scatter: 0, gather: 0 };
  let steps = 0;
  let wake = () => undefined;
  const until = async (what, count) => {
    while (got[what] < count)
      await new Promise((resolve, reject) => {
        // It never recovers from a lost message (above the broker's max_pending there are some).
        const timer = setTimeout(() => reject(new Error('the naive exchange lost a message')), 20_000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
  };
  const floats = (data) => new Float32Array(new Uint8Array(data).buffer);
  const subscriptions = [];
  const listen = (name, take) =>
    subscriptions.push(
      connection.subscribe(`${subject}.${name}`, {
        callback: (_, message) => {
          take(message.subject.split('.').slice(-2).map(Number), message.data);
          wake();
        },
      }),
    );
  listen(`scatter.${member}.*.*`, ([, at], data) => {
    const values = floats(data);
    for (let i = 0; i < values.length; i++) sum[at + i] += values[i];
    got.scatter += values.length;
  });
  listen('gather.*.*', ([from, at], data) => {
    if (from === member) return;
    const values = floats(data);
    result.set(values, low(from) + at);
    got.gather += values.length;
  });
  await connection.flush();
  const bytes = (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return {
    gradient,
    async step() {
      steps += 1;
      // What others send for this step may be in already: the sum of its shard begins when the step before is over.
      for (let d = 1; d < size; d++) {
        const to = (member + d) % size;
        for (let at = low(to); at < low(to + 1); at += chunk)
          connection.publish(
            `${subject}.scatter.${to}.${member}.${at - low(to)}`,
            bytes(gradient.subarray(at, Math.min(at + chunk, low(to + 1)))),
          );
      }
      const own = gradient.subarray(low(member), low(member + 1));
      for (let i = 0; i < sum.length; i++) sum[i] += own[i];
      await until('scatter', (size - 1) * sum.length * steps);
      for (let i = 0; i < sum.length; i++) sum[i] /= size;
      result.set(sum, low(member));
      for (let at = 0; at < sum.length; at += chunk)
        connection.publish(
          `${subject}.gather.${member}.${at}`,
          bytes(result.subarray(low(member) + at, low(member) + Math.min(at + chunk, sum.length))),
        );
      await until('gather', (elements - sum.length) * steps);
      sum.fill(0);
    },
    about: () => ({ payload_bytes: null, phases: [], counters: null, coefficients: null }),
    check: () => checkCombination(result, new Array(size).fill(1 / size), 'fp32', `naive, member ${member}`),
    async close() {
      for (const subscription of subscriptions) subscription.unsubscribe();
      await connection.flush();
    },
  };
}
