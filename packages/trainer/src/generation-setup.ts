import type { RunFile } from '@tributary/config';
import type { SequenceModel } from '@tributary/models';
import type { GenerationDocument, ObjectStore, PreparedRun } from '@tributary/protocol';
import { chooseStrategy } from './choose-strategy.js';
import type { SplitBytes } from './compute-messages.js';
import { EarlyStop } from './early-stop.js';
import { type ExchangeSetup, setUpExchange } from './exchange-setup.js';
import { fetchSplits } from './load-splits.js';
import { type MemberPlan, memberPlan } from './member-plan.js';
import { MemberState } from './member-state.js';
import { modelOf, specOf } from './prepared-model.js';
import type { SyncStrategy } from './sync-strategy.js';
import type { TrainerOptions } from './trainer-types.js';

/** What follows from a generation's documents alone: who does what, on which vectors. */
export class GenerationSetup {
  readonly document: GenerationDocument;
  readonly spec: RunFile;
  readonly plan: MemberPlan;
  readonly model: SequenceModel;
  readonly strategy: SyncStrategy;
  readonly state: MemberState;
  readonly exchange: ExchangeSetup;
  /** Steps after which nothing is left to do. */
  readonly end: number;
  /** Set where steps are done again to be compared. */
  readonly replay: TrainerOptions['replay'];
  readonly #prepared: PreparedRun;

  constructor({
    document,
    member,
    prepared,
    replay,
  }: Pick<TrainerOptions, 'document' | 'member' | 'prepared' | 'replay'>) {
    this.document = document;
    this.#prepared = prepared;
    const spec = specOf(prepared);
    const plan = memberPlan(document, member, prepared, spec);
    const model = modelOf(prepared, spec);
    const strategy = chooseStrategy(spec, plan.hosted, model);
    // Drawing values takes longer than reading them: not for a state that is restored.
    const seed = document.resume.step === 0 ? spec.seed : null;
    this.spec = spec;
    this.end = Math.min(spec.budget.steps, replay?.until ?? spec.budget.steps);
    this.replay = replay;
    this.plan = plan;
    this.model = model;
    this.strategy = strategy;
    this.state = new MemberState({ plan, model, strategy, seed, earlyStop: EarlyStop.of(spec) });
    this.exchange = setUpExchange({ member, document, prepared, spec, plan, model, strategy });
  }

  splits(tasks: readonly string[], objects: ObjectStore): Promise<Record<string, SplitBytes>> {
    return fetchSplits(this.#prepared, tasks, objects);
  }
}
