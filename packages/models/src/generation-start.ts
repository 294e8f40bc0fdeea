import type { Tensor, TensorFunction, TensorSpec } from '@tributary/engine';
import { viewOf } from '@tributary/layout';
import { parameterViews } from './parameter-views.js';
import { floats, sourceInput, type TaskGraph } from './task-functions.js';
import type { TaskParameters } from './task-runs.js';

/**
 * What every way to generate begins with: [shared, task, source, …features] → [...fixed, ...carried].
 *
 * @param room most steps that will follow
 */
export const generationStart =
  (graph: TaskGraph, room: number): TensorFunction =>
  ([flatShared, flatTask, source, features]) => {
    const shared = parameterViews(graph.sharedLayout, flatShared as Tensor);
    const own = parameterViews(graph.layout, flatTask as Tensor);
    const encoded = graph.encoder.pass(shared, sourceInput(graph, shared, source as Tensor, features), null);
    const { fixed, carried } = graph.generator.begin(own, encoded, room);
    return [...fixed, ...carried];
  };

/** The table of the target symbols as an input of a function; none where the model has none. */
export function targetTableSpecs(graph: TaskGraph): TensorSpec[] {
  const layout = graph.joint ? graph.sharedLayout : graph.layout;
  const entry = layout.entries.find(({ name }) => name === 'embedding');
  return entry ? [floats(...entry.shape)] : [];
}

/** f32[V * E], a view of the parameters */
export const targetTable = (graph: TaskGraph, { shared, task }: TaskParameters): Float32Array =>
  graph.joint ? viewOf(graph.sharedLayout, shared, 'embedding') : viewOf(graph.layout, task, 'embedding');
