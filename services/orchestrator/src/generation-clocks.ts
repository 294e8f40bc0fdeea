import { beginClock, type GenerationClock, seeMember, stopClock, timeOf } from '@tributary/planner';
import type { Beacon, GenerationDocument, GenerationTime } from '@tributary/protocol';

/** A clock is begun at once for a generation that is younger: no other supervisor can have known of it for long. */
const freshMs = 2_000;

interface Running {
  readonly document: GenerationDocument;
  clock: GenerationClock;
}

/** Where the time goes of the generations that this process supervises. */
export class GenerationClocks {
  /** By run. */
  readonly #running = new Map<string, Running>();

  /**
   * Begins a generation's clock, or goes on with it where its supervision does.
   * @param known reads what another supervisor has accounted for; null: nothing, or it cannot be asked now
   */
  async take(document: GenerationDocument, known: () => Promise<GenerationTime | null>): Promise<void> {
    const { run, generation, resume, doneBefore = 0, members, openedAtMs = Date.now() } = document;
    if (this.#running.get(run)?.document.generation === generation) return;
    const late = Date.now() - openedAtMs > freshMs;
    const clock = beginClock({
      resumeStep: resume.step,
      doneBefore,
      members: members.length,
      openedAtMs,
      late,
      known: late ? await known() : null,
    });
    this.#running.set(run, { document, clock });
  }

  /** Takes in what a member's beacon shows, before its supervisor does. */
  hear({ worker, trainer }: Beacon, atMs: number): void {
    const running = trainer === null ? undefined : this.#running.get(trainer.run);
    if (trainer === null || running === undefined) return;
    const { generation, members } = running.document;
    if (trainer.generation !== generation || members[trainer.member]?.worker !== worker) return;
    running.clock = seeMember(running.clock, trainer, atMs);
  }

  /** Stops a generation's clock. */
  stop(
    { run, generation }: GenerationDocument,
    atMs: number,
  ): { time: GenerationTime; lastStepMs: number | null } | null {
    const running = this.#running.get(run);
    if (running?.document.generation !== generation) return null;
    this.#running.delete(run);
    const { lastStepMs } = running.clock;
    return { time: timeOf(stopClock(running.clock, atMs)), lastStepMs };
  }

  /** What has been accounted for of every generation that goes on. */
  times(): { readonly run: string; readonly generation: number; readonly time: GenerationTime }[] {
    return [...this.#running.values()].map(({ document: { run, generation }, clock }) => ({
      run,
      generation,
      time: timeOf(clock),
    }));
  }

  /** Lets go of a run that another process supervises or nobody does. */
  forget(run: string): void {
    this.#running.delete(run);
  }
}
