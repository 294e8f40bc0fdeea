import type { GeneratedSource } from '@tributary/protocol';
import { printable } from './quantities.js';
import { table } from './tables.js';

/** Outputs of texts that were given: the only one as it is, several as a table. */
export function generatedText(outputs: readonly GeneratedSource[]): string {
  const several = outputs.some((each) => each.outputs.length > 1);
  if (outputs.length === 1 && !several) return printable(outputs[0]?.generated ?? '');
  if (!several)
    return table(
      ['source', 'generated'],
      outputs.map(({ source, generated }) => [source, generated]),
    );
  return table(
    ['source', 'score', 'log p', 'generated'],
    outputs.flatMap(({ source, outputs: found }) =>
      found.map(({ text, score, logProbability }, rank) => [
        rank === 0 ? source : '',
        score.toFixed(3),
        logProbability.toFixed(3),
        text,
      ]),
    ),
    [1, 2],
  );
}

/** Outputs of lines: a line for each; of several outputs a line with the number of the source, the score and the text, by tabs. */
export function generatedLines(outputs: readonly GeneratedSource[], firstLine: number): string {
  return outputs
    .flatMap(({ generated, outputs: found }, index) =>
      found.length > 1
        ? found.map(({ score, text }) => `${firstLine + index}\t${score.toFixed(4)}\t${printable(text)}`)
        : [printable(generated)],
    )
    .join('\n');
}
