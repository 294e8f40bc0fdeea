/**
 * What a model trained on a corpus must beat, on the held-out split: leads, the source itself, the nearest training neighbour. Writes
 * `{source, hypothesis, references}` a line, to be scored. The split is that of a run with the same shares and no pair left out.
 *
 *   node test/bench/floors.mjs --corpus debian --pairs summarise --floor lead-8 [--split test] [--validation 0.01] [--test 0.05]
 *     [--out bench/out/lead-8.jsonl]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { floorNames, floorOf, readCorpusPairs, splitPairs } from '@tributary/corpora';
import { corporaFolder } from '@tributary/devstack';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: 'debian' },
    pairs: { type: 'string', default: 'summarise' },
    floor: { type: 'string', default: 'lead-8' },
    split: { type: 'string', default: 'test' },
    validation: { type: 'string', default: '0.01' },
    test: { type: 'string', default: '0.05' },
    out: { type: 'string' },
  },
});
if (!floorNames.includes(values.floor))
  throw new Error(`--floor is one of ${floorNames.join(', ')}; not "${values.floor}"`);

const pairs = await readCorpusPairs(corporaFolder(), values.corpus, values.pairs);
const splits = splitPairs(pairs, { validation: Number(values.validation), test: Number(values.test) });
const answer = floorOf(values.floor, splits.train);
const lines = splits[values.split].map(
  ({ source, references }) => `${JSON.stringify({ source, hypothesis: answer(source), references })}\n`,
);
if (values.out === undefined) process.stdout.write(lines.join(''));
else {
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, lines.join(''));
}
