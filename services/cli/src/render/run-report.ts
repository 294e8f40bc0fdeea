import { formatResult, resultOrder } from '@tributary/presentation';
import type { ConflictsDocument, DivergencesDocument, RunDocument } from '@tributary/protocol';
import color from 'picocolors';
import { attemptOf } from './checkpoints.js';
import { conflictsLine } from './conflicts-table.js';
import { initialValues } from './initial-values.js';
import { nextCommands } from './next-commands.js';
import { type PageLinks, pages } from './pages.js';
import { formatBytes, formatDuration, formatSeconds, formatTime, printable } from './quantities.js';
import { runLineage } from './run-lineage.js';
import { failureLine, family, labels } from './run-standing.js';
import { timeLine } from './run-time.js';
import { denseTable, shorten, table } from './tables.js';

/** Most generated examples a task in a report. */
const shownSamples = 3;

/** Results, generated examples and what to try next. */
export function runReport(
  run: RunDocument,
  links: PageLinks | null,
  conflicts: ConflictsDocument | null = null,
): string {
  return [
    headline(run),
    results(run),
    conflictsPart(conflicts),
    samples(run),
    nextCommands(run, 'report'),
    pages(run, links),
    failureLine(run) ?? '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The report, and how the run came to be. */
export function runDetails(
  run: RunDocument,
  links: PageLinks | null,
  conflicts: ConflictsDocument | null = null,
): string {
  const parts = [
    headline(run),
    results(run),
    conflictsPart(conflicts),
    samples(run),
    attempts(run),
    generations(run),
    checkpoints(run),
    divergences(run),
    initialValues(run.init),
    runLineage(run.lineage),
  ];
  return [...parts, nextCommands(run, 'details'), pages(run, links), failureLine(run) ?? '']
    .filter((part) => part !== '')
    .join('\n\n');
}

function headline(run: RunDocument): string {
  const paint = run.state === 'finished' ? color.green : run.state === 'failed' ? color.red : color.yellow;
  const steps = run.targetSteps === null ? `${run.step} steps` : `${run.step} of ${run.targetSteps} steps`;
  // Attempts alone: what lies between them is the user's time.
  const durations = run.attempts.map(({ startedAt, endedAt }) =>
    endedAt === null ? Number.NaN : Date.parse(endedAt) - Date.parse(startedAt),
  );
  const spentMs = durations.reduce((sum, each) => sum + each, 0);
  const took = Number.isNaN(spentMs) || durations.length === 0 ? '' : `, ${formatDuration(spentMs)}`;
  const lines = [`Run ${color.bold(run.run)} ${paint(run.state)}: ${steps}, attempt ${run.attempt}${took}`];
  if (run.reason !== null) lines.push(`Reason: ${printable(run.reason)}`);
  lines.push(...family(run), ...labels(run));
  const newest = run.checkpoints[0];
  if (run.stateHash !== null)
    lines.push(
      `State hash${newest === undefined || newest.step === run.step ? '' : ` at step ${newest.step}`} ${run.stateHash}`,
    );
  const spent = timeLine(run.time);
  if (spent !== null) lines.push(spent);
  const cost = computeCost(run.series);
  if (cost !== null) lines.push(color.dim(cost));
  const diverged = divergenceWarning(run.divergences);
  if (diverged !== null) lines.push(color.red(diverged));
  return lines.join('\n');
}

/** `First step after 12s; 11 graphs traced in 9.8s; peak memory 612 MiB`: of the newest generation and its first member. */
function computeCost(series: RunDocument['series']): string | null {
  const last = (name: string): number | null =>
    series.find(({ subject, series: each, kind }) => subject === 'run' && kind === 'timing' && each === name)?.last ??
    null;
  const [first, tracing, graphs, peak] = [
    last('first_step_seconds'),
    last('tracing_seconds'),
    last('graphs'),
    last('peak_memory_bytes'),
  ];
  const parts: string[] = [];
  if (first !== null) parts.push(`first step after ${formatSeconds(first)}`);
  if (tracing !== null)
    parts.push(`${graphs === null ? 'graphs' : `${graphs} graphs`} traced in ${formatSeconds(tracing)}`);
  if (peak !== null) parts.push(`peak memory ${formatBytes(peak)}`);
  const text = parts.join('; ');
  return text === '' ? null : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** One line on the broken promise; null where none is broken. */
function divergenceWarning({ total, first: [earliest] }: DivergencesDocument): string | null {
  if (earliest === undefined) return null;
  const { subject, series, step, generation, recorded, redone } = earliest;
  const which = total === 1 ? '' : `${total} redone values differ from the recorded ones; the first is `;
  const what = `${subject} ${series} at step ${step}, recorded ${recorded}, redone ${redone} by generation ${generation}`;
  return printable(`DIVERGED: ${which}${what}; the run does not repeat itself`);
}

function conflictsPart(conflicts: ConflictsDocument | null): string {
  return conflicts === null ? '' : (conflictsLine(conflicts) ?? '');
}

/** A loss is in nats a token, or the mean square of a vector's numbers. */
function results({ tasks }: RunDocument): string {
  const names = resultOrder(tasks.flatMap((task) => Object.keys(task.results)));
  if (names.length === 0) return '';
  const rows = tasks.map((task) => [
    task.task,
    ...names.map((name) => {
      const value = task.results[name];
      if (value === undefined) return '';
      if (value === null) return 'not a number';
      return formatResult(name, value);
    }),
  ]);
  const head = ['task', ...names.map((name) => name.replaceAll('_', ' '))];
  return `${color.bold('Held-out results')}\n${table(
    head,
    rows,
    names.map((_, index) => index + 1),
  )}`;
}

function samples({ tasks }: RunDocument): string {
  const some = tasks.filter((task) => task.samples.length > 0);
  if (some.length === 0) return '';
  const rows = some.flatMap((task) =>
    task.samples.slice(0, shownSamples).map((sample, index) => {
      const right = sample.references.includes(sample.generated);
      return [
        index === 0 ? task.task : '',
        shorten(sample.source, 32),
        shorten(sample.generated === '' ? '(nothing)' : sample.generated, 40),
        right ? '=' : '',
        shorten(sample.references.join(' | '), 60),
      ];
    }),
  );
  return `${color.bold('Generated examples')}\n${denseTable(['task', 'source', 'generated', '', 'reference'], rows)}`;
}

function attempts(run: RunDocument): string {
  const rows = run.attempts.map((attempt) => [
    String(attempt.attempt),
    attempt.state ?? run.state,
    formatTime(attempt.startedAt),
    attempt.endedAt === null ? '' : formatTime(attempt.endedAt),
    attempt.reason ?? '',
  ]);
  return section('Attempts', ['attempt', 'state', 'started', 'ended', 'reason'], rows, [0]);
}

function generations(run: RunDocument): string {
  const rows = run.generations.map((generation) => [
    String(generation.generation),
    String(generation.attempt),
    String(generation.resumeStep),
    generation.members.map((member) => `${member.worker}: ${member.lanes.join(',')}`).join('  '),
    outcomeText(generation.outcome),
    shorten((generation.outcomeReason ?? '').replace(/\s+/g, ' '), 100),
  ]);
  const head = ['generation', 'attempt', 'from step', 'lanes by worker', 'ended as', 'why'];
  return section('Generations', head, rows, [0, 1, 2]);
}

const outcomes: Readonly<Record<string, string>> = { 'worker-lost': 'worker lost', 'handed-over': 'handed over' };

function outcomeText(outcome: string | null): string {
  return outcome === null ? 'open' : (outcomes[outcome] ?? outcome);
}

function checkpoints(run: RunDocument): string {
  const rows = run.checkpoints.map((checkpoint) => [
    String(checkpoint.step),
    attemptOf(checkpoint.attempt),
    formatBytes(checkpoint.sizeBytes),
    formatTime(checkpoint.committedAt),
    checkpoint.stateHash.slice(0, 16),
  ]);
  return section('Checkpoints', ['step', 'attempt', 'size', 'committed', 'state hash'], rows, [0, 1, 2]);
}

function divergences({ divergences: { total, first } }: RunDocument): string {
  const rows = first.map(({ subject, series, step, attempt, generation, recorded, redone }) => [
    subject,
    series,
    String(step),
    recorded,
    redone,
    String(attempt),
    String(generation),
  ]);
  const title = total > first.length ? `Divergences (the first ${first.length} of ${total})` : 'Divergences';
  const head = ['subject', 'series', 'step', 'recorded', 'redone', 'attempt', 'generation'];
  return section(title, head, rows, [2, 3, 4, 5, 6]);
}

function section(
  title: string,
  head: readonly string[],
  rows: readonly string[][],
  numeric: readonly number[] = [],
): string {
  return rows.length === 0 ? '' : `${color.bold(title)}\n${denseTable(head, rows, numeric)}`;
}
