import { Listr } from 'listr2';
import type { Report } from '../setup/command.js';

/** One piece of work that the user sees. */
export interface Step {
  readonly title: string;
  run(report: Report): Promise<void>;
}

/** Steps that run side by side; the next group starts when all of them are done. */
export interface StepGroup {
  readonly title: string;
  readonly steps: readonly Step[];
}

/** Runs groups one after another, and shows what happens. */
export type StepRunner = (groups: readonly StepGroup[]) => Promise<void>;

/** Plain lines, for logs, pipes and tests. */
export function plainSteps(report: Report): StepRunner {
  return async (groups) => {
    for (const group of groups) {
      const outcomes = await Promise.allSettled(group.steps.map((step) => step.run(report)));
      throwFirstFailure(outcomes);
    }
  };
}

/** Spinners on a terminal; what a step reports stands beside it. */
export const terminalSteps: StepRunner = async (groups) => {
  const list = new Listr(
    groups.map((group) => ({
      title: group.title,
      task: (_context, task) =>
        task.newListr(
          group.steps.map((step) => ({
            title: step.title,
            task: (_inner, shown) =>
              step.run((line) => {
                shown.title = line.startsWith(`${step.title}: `) ? line : `${step.title}: ${line}`;
              }),
          })),
          { concurrent: true, exitOnError: true },
        ),
    })),
    { rendererOptions: { collapseSubtasks: false, showErrorMessage: false } },
  );
  await list.run();
};

function throwFirstFailure(outcomes: readonly PromiseSettledResult<void>[]): void {
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
