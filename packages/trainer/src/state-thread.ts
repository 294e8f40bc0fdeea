/** Entry of the state thread: it encodes and hashes copies of the state, so that the main thread only copies. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { encodeSafetensors, stateHashOf } from '@tributary/checkpoints';
import { buffersOf } from './state-buffers.js';
import type { EncodedFile, EncodeReply, EncodeRequest } from './state-messages.js';

const port = parentPort;
if (!port) throw new Error('state-thread runs as a worker thread');

port.on('message', ({ tensors, files }: EncodeRequest) => {
  try {
    const stateHash = stateHashOf(tensors);
    const encoded = files.map((metadata): EncodedFile => {
      const bytes = encodeSafetensors({ tensors, metadata });
      return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), stateHash };
    });
    const buffers = buffersOf(tensors);
    const reply: EncodeReply = { kind: 'encoded', files: encoded, buffers };
    port.postMessage(reply, [...buffers, ...encoded.map(({ bytes }) => bytes.buffer as ArrayBuffer)]);
  } catch (error) {
    const reply: EncodeReply = { kind: 'failed', message: String(error) };
    port.postMessage(reply);
  }
});
