/**
 * Entry of the probe: opens one backend, runs a small function on it, prints what it is as one line of JSON, and ends. A
 * process of its own, because TensorFlow takes its settings once in the life of a process.
 *
 * Arguments: a backend or `auto`, a device.
 */
import { writeSync } from 'node:fs';
import { type BackendOptions, openBackend } from './open-backend.js';
import { type Tensor, tf } from './tensorflow-js.js';

/** What the probe prints. */
export type ProbeResult =
  | {
      readonly ok: true;
      readonly kind: string;
      readonly version: string;
      readonly device: string;
      readonly notice: string | null;
    }
  | { readonly ok: false; readonly message: string };

async function probe(prefer: BackendOptions['prefer'], device: string): Promise<ProbeResult> {
  try {
    const backend = await openBackend({ prefer, device, threads: 1 });
    const twice = backend.trace('twice', ([x]) => [tf.mul(x as Tensor, 2)], [{ shape: [2], dtype: 'float32' }]);
    const [result] = await twice.run([Float32Array.of(1, 2)]);
    if (result?.[0] !== 2 || result[1] !== 4)
      return { ok: false, message: `${backend.version} computes 2 × 1 wrongly.` };
    const { kind, version, notice } = backend;
    return { ok: true, kind, version, device: backend.device, notice };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

const [prefer = 'auto', device = 'cpu'] = process.argv.slice(2) as [BackendOptions['prefer']?, string?];
writeSync(1, `${JSON.stringify(await probe(prefer, device))}\n`);
process.exit(0);
