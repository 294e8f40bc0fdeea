import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import type { Binding } from './binding.js';
import { encodeSavedModel, type NodeProto, servingTag } from './saved-model.js';

/** A graph loaded into TensorFlow. */
export interface Session {
  /** The binding's number of it. */
  readonly session: number;
  /** Estimate of the bytes it holds between runs. */
  readonly bytes: number;
}

/**
 * What a session holds for each byte of its graph's message: the graph as loaded and as optimised, and a kernel for each
 * node. Measured as growth of resident memory over sessions of recurrent models: 130 to 200.
 */
const sessionBytesPerEncodedByte = 160;

/** Loads a graph as a session of the addon. */
export function loadSession(binding: Binding, name: string, nodes: readonly NodeProto[]): Session {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-graph-'));
  try {
    const encoded = encodeSavedModel(nodes, binding.TF_Version);
    writeFileSync(join(directory, 'saved_model.pb'), encoded);
    const session = binding.loadSavedModel(directory, servingTag);
    return { session, bytes: encoded.length * sessionBytesPerEncodedByte };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${name} cannot be traced: TensorFlow does not take its graph (${reason}).`;
    throw new TributaryError('TRACE_REFUSED', message, { cause: error });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
