import { isResting, type RunDocument, type TaskDocument } from '@tributary/protocol';
import color from 'picocolors';
import { printable } from './quantities.js';

/** Commands to try next, by the run's state. */
export function nextCommands(run: RunDocument, after: 'report' | 'details'): string {
  const commands: [string, string][] = [];
  const resting = isResting(run.state);
  if (!resting) commands.push([`npx tributary watch ${run.run}`, 'follow it']);
  if (after === 'report') commands.push([`npx tributary runs show ${run.run}`, 'all that is known of it']);
  const sample = sampleSource(run.tasks);
  if (sample !== null && run.checkpoints.length > 0)
    commands.push([
      `npx tributary generate ${run.run} --task ${sample.task} ${quoted(sample.source)}`,
      'use the trained model',
    ]);
  if (run.state === 'finished')
    commands.push([`npx tributary resume ${run.run} --steps ${(run.targetSteps ?? run.step) * 2} --watch`, 'train on']);
  else if (resting)
    commands.push([
      `npx tributary resume ${run.run} --watch`,
      run.checkpoints.length > 0 ? 'go on from the newest checkpoint' : 'start it again',
    ]);
  else {
    commands.push([`npx tributary pause ${run.run}`, 'stop it for now, and free its workers']);
    commands.push([`npx tributary cancel ${run.run}`, 'end it']);
  }
  const fork = resting ? forkExample(run) : null;
  if (fork !== null) commands.push([fork, 'try something else from a checkpoint']);
  commands.push(['npx tributary down', 'stop the stack; data stays']);
  const width = Math.max(...commands.map(([command]) => command.length));
  return `${color.bold('Next')}\n${commands.map(([command, what]) => `  ${command.padEnd(width)}  ${color.dim(what)}`).join('\n')}`;
}

function sampleSource(tasks: readonly TaskDocument[]): { task: string; source: string } | null {
  for (const { task, samples: own } of tasks) {
    const source = own[0]?.source;
    if (source !== undefined) return { task, source };
  }
  return null;
}

function quoted(text: string): string {
  return /^[\w .,:/-]+$/.test(text) ? `"${text}"` : `'${printable(text).replaceAll("'", `'\\''`)}'`;
}

/** From the newest checkpoint that leaves steps to train. */
function forkExample({ run, checkpoints, targetSteps, spec }: RunDocument): string | null {
  const rate = (spec.optimizer as { learningRate?: unknown } | undefined)?.learningRate;
  const from = checkpoints.find(({ step }) => targetSteps !== null && step < targetSteps);
  if (from === undefined || typeof rate !== 'number') return null;
  return `npx tributary fork ${run} --step ${from.step} --set optimizer.learningRate=${rate / 2} --watch`;
}
