import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsNames, RunEvent } from '@tributary/protocol';

/** Publishes what `--watch` shows of a run's life. */
export class RunEvents {
  readonly #js: JetStreamClient;
  readonly #names: NatsNames;

  constructor(js: JetStreamClient, names: NatsNames) {
    this.#js = js;
    this.#names = names;
  }

  /** A change of state. `occasion` tells it from other changes to the same state, so that a retry publishes it once. */
  async state(event: Omit<Extract<RunEvent, { kind: 'state' }>, 'kind'>, occasion: string): Promise<void> {
    await this.#publish({ kind: 'state', ...event }, `state.${event.run}.${event.attempt}.${event.state}.${occasion}`);
  }

  async notice(run: Extract<RunEvent, { kind: 'notice' }>['run'], text: string, occasion: string): Promise<void> {
    await this.#publish({ kind: 'notice', run, text }, `notice.${run}.${occasion}`);
  }

  async #publish(event: RunEvent, msgID: string): Promise<void> {
    await this.#js.publish(this.#names.events(event.run), JSON.stringify(event), { msgID });
  }
}
