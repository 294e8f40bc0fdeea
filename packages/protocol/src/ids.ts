declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** `<experiment>-<8 lower-case base32 characters>`; also the Temporal workflow id and a NATS subject token. */
export type RunId = Branded<string, 'RunId'>;
/** Name of an agent, unique in its installation; a NATS subject token. */
export type WorkerId = Branded<string, 'WorkerId'>;
/** Name of a task in the run file; a NATS subject token. */
export type TaskName = Branded<string, 'TaskName'>;
/** Position of a lane in the run: 0, 1, … in run-file order. */
export type LaneIndex = Branded<number, 'LaneIndex'>;
/** Position of a worker in one generation. */
export type MemberIndex = Branded<number, 'MemberIndex'>;

/** What may stand in a subject, a key and a file name: letters, digits, `-` and `_`, at most 64 characters. */
export const tokenPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Whether a string can serve as an id: safe in a NATS subject, a KV key and a file name. */
export function isToken(text: string): boolean {
  return tokenPattern.test(text);
}
