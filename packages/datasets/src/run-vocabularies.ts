import type { RunFile, TaskSpec } from '@tributary/config';
import { isSymbols } from './frame-sequence.js';
import type { GatheredTask } from './gather-examples.js';
import type { TokenizedRun } from './tokenize-run.js';
import { buildVocabulary, countSymbols, type SymbolCounts } from './vocabulary.js';

export interface RunVocabularies {
  readonly source: readonly string[];
  /** By task, in run-file order. */
  readonly targets: readonly (readonly string[])[];
}

/** Vocabularies of tokenizers as they are; those of characters and words counted in the training splits. */
export function runVocabularies(
  spec: RunFile,
  gathered: readonly { readonly task: TaskSpec; readonly data: GatheredTask }[],
  tokenizers: Pick<TokenizedRun, 'of'>,
): RunVocabularies {
  const counted = countedVocabularies(spec, gathered);
  const vocabularies = gathered.map(({ task }) => ({
    source: tokenizers.of(task, 'source')?.vocabulary,
    target: tokenizers.of(task, 'target')?.vocabulary,
  }));
  // Where tasks share a vocabulary, the run file gives all of them one tokenizer.
  const source = vocabularies.find((task) => task.source !== undefined)?.source;
  if (spec.model.embedding.share === 'all') {
    const all = source ?? vocabularies.find(({ target }) => target !== undefined)?.target ?? counted.source;
    return { source: all, targets: gathered.map(() => all) };
  }
  return {
    source: source ?? counted.source,
    targets: counted.targets.map((target, index) => vocabularies[index]?.target ?? target),
  };
}

function countedVocabularies(
  spec: RunFile,
  gathered: readonly { readonly task: TaskSpec; readonly data: GatheredTask }[],
): RunVocabularies {
  const { limit } = spec.vocabulary;
  const joint: SymbolCounts = new Map();
  const perTask = gathered.map(({ task, data }) => {
    const source: SymbolCounts = new Map();
    const target: SymbolCounts = new Map();
    for (const example of data.splits.train) {
      // Once a pair, as training sees it.
      for (const symbols of example.targets) {
        if (isSymbols(example.source)) countSymbols(source, example.source);
        if (isSymbols(symbols)) countSymbols(target, symbols);
      }
    }
    buildVocabulary(source, limit, `The source vocabulary of task "${task.name}"`);
    return { name: task.name, source, target };
  });
  const names = perTask.map(({ name }) => `"${name}"`).join(', ');
  const add = (counts: SymbolCounts): void => {
    for (const [symbol, count] of counts) joint.set(symbol, (joint.get(symbol) ?? 0) + count);
  };
  for (const { source } of perTask) add(source);
  if (spec.model.embedding.share === 'all') {
    for (const { target } of perTask) add(target);
    const all = buildVocabulary(joint, limit, `The joint vocabulary of tasks ${names} (model.embedding.share: all)`);
    return { source: all, targets: perTask.map(() => all) };
  }
  return {
    source: buildVocabulary(joint, limit, `The source vocabulary that tasks ${names} share`),
    targets: perTask.map(({ name, target }) =>
      buildVocabulary(target, limit, `The target vocabulary of task "${name}"`),
    ),
  };
}
