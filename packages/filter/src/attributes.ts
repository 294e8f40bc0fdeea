/** How the values of an attribute compare. */
export type AttributeType = 'text' | 'number' | 'time' | 'state' | 'boolean';

interface Attribute {
  readonly type: AttributeType;
  /** Other names for it; MLflow's among them. */
  readonly aliases: readonly string[];
}

const attributes = {
  run: { type: 'text', aliases: ['run_id', 'run_name', 'id', 'name'] },
  experiment: { type: 'text', aliases: ['experiment_id', 'experiment_name'] },
  state: { type: 'state', aliases: ['status'] },
  reason: { type: 'text', aliases: [] },
  step: { type: 'number', aliases: [] },
  target_steps: { type: 'number', aliases: [] },
  attempt: { type: 'number', aliases: [] },
  // MLflow's start time is when the run was created; `created` is its own alias for it.
  created: { type: 'time', aliases: ['start_time', 'created_at'] },
  started: { type: 'time', aliases: ['started_at'] },
  ended: { type: 'time', aliases: ['end_time', 'ended_at'] },
  parent: { type: 'text', aliases: [] },
  archived: { type: 'boolean', aliases: [] },
  note: { type: 'text', aliases: [] },
  commit: { type: 'text', aliases: [] },
  state_hash: { type: 'text', aliases: [] },
} as const satisfies Record<string, Attribute>;

export type AttributeName = keyof typeof attributes;

export const attributeNames = Object.keys(attributes) as AttributeName[];

/** Every name that an attribute goes by. */
export const spokenAttributeNames: readonly string[] = attributeNames.flatMap((name) => [
  name,
  ...attributes[name].aliases,
]);

export function typeOfAttribute(name: AttributeName): AttributeType {
  return attributes[name].type;
}

/** The attribute of a name or alias, whatever its case; spaces count as `_` (`Run name`). */
export function findAttribute(spoken: string): AttributeName | undefined {
  const plain = spoken.toLowerCase().replaceAll(' ', '_');
  return attributeNames.find(
    (name) => name === plain || (attributes[name].aliases as readonly string[]).includes(plain),
  );
}
