import { type RunFile, runFileSchema } from '@tributary/config';
import { createSequenceModel, type SequenceModel } from '@tributary/models';
import { type PreparedRun, TributaryError } from '@tributary/protocol';

/** The run file inside a prepared run, with defaults filled in. */
export function specOf(prepared: PreparedRun): RunFile {
  const parsed = runFileSchema.safeParse(prepared.spec);
  if (!parsed.success) {
    throw new TributaryError(
      'SPEC_INVALID',
      `The prepared run ${prepared.run} holds a run file that this version does not read (${parsed.error.issues[0]?.message}); launch it again with this version.`,
    );
  }
  return parsed.data;
}

/** The model that a prepared run describes: a pure function of its run file and vocabularies. */
export function modelOf(prepared: PreparedRun, spec: RunFile): SequenceModel {
  return createSequenceModel({
    model: spec.model,
    sourceVocabulary: prepared.sourceVocabulary.length,
    precision: spec.compute.precision,
    groups: spec.combiner.groups,
    tasks: spec.tasks.map((task) => ({
      name: task.name,
      targetVocabulary: taskOf(prepared, task.name).targetVocabulary.length,
      generator: task.generator,
      labelSmoothing: task.loss.labelSmoothing,
      head: task.head,
      sourceFeatures: taskOf(prepared, task.name).sourceFeatures,
    })),
  });
}

export function taskOf(prepared: PreparedRun, task: string): PreparedRun['tasks'][string] {
  const found = prepared.tasks[task];
  if (!found) {
    throw new TributaryError(
      'TASK_NOT_FOUND',
      `Run ${prepared.run} has no task "${task}"; its tasks are ${Object.keys(prepared.tasks).join(', ')}.`,
    );
  }
  return found;
}
