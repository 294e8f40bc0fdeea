/**
 * The words of Tributary. Code, tables, metrics, messages and the CLI use these and no others.
 *
 * - run: one training job, described by a run file; has attempts (1, 2, …), one after another.
 * - task: one learning task of a run: its data, its generator, its loss and metrics.
 * - lane: one stream of batches of one task; a task with `replicas: 2` has two lanes. Lanes are numbered in run-file order
 *   and never depend on placement.
 * - worker: an agent process that hosts lanes on one device. (Temporal's own workers are always called "Temporal worker".)
 * - trainer: the agent's child process that computes.
 * - slot: the right to use one worker, leased to one run.
 * - step: one optimizer update; every lane contributes one gradient.
 * - generation: an assignment of all lanes to workers; its number fences every message.
 * - member: a worker's place in one generation (0, 1, …).
 * - shared state / task state: encoder parameters and optimizer state / those of one task's generator.
 * - shard, block: a member's contiguous range of the flat shared gradient / a fixed 65,536-element piece of it.
 * - snapshot, checkpoint: state at a step, in memory / durable and committed.
 * - state hash: SHA-256 over parameters and optimizer state in canonical order.
 */

export * from './api-documents.js';
export * from './beacon.js';
export * from './checkpoint.js';
export * from './comparison-documents.js';
export * from './dashboard-links.js';
export * from './errors.js';
export * from './generate.js';
export * from './generation.js';
export * from './history-documents.js';
export * from './ids.js';
export * from './init-report.js';
export * from './lanes.js';
export * from './metric-direction.js';
export * from './nearest-name.js';
export * from './object-store.js';
export * from './prepared-run.js';
export * from './record-codec.js';
export * from './records.js';
export * from './run-list-documents.js';
export * from './run-status.js';
export * from './run-time.js';
export * from './snapshots.js';
export * from './subjects.js';
export * from './verification-documents.js';
export * from './verify.js';
