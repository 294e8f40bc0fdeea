/** The side of a benchmark's child process in JavaScript: requests and answers are lines of JSON (see ../engine/contestant.mjs). */
import { createInterface } from 'node:readline';

export const answer = (document) => process.stdout.write(`${JSON.stringify(document)}\n`);

/** The job that a child was started with. */
export const job = () => JSON.parse(process.argv.at(-1));

/**
 * Answers requests one after another until stdin ends.
 * @param {Record<string, (request: object) => Promise<object> | object>} handlers by the request's `kind`
 */
export async function serveLines(handlers) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    answer((await handlers[request.kind](request)) ?? {});
  }
}
