import type { z } from 'zod';
import { type CorpusName, pairsOfCorpus } from './corpus-names.js';
import type { dataSchema } from './data-schema.js';

type DataSpec = z.output<typeof dataSchema>;

/** Data of a task that is uploaded with its run. */
export type FileDataSpec = Extract<DataSpec, { readonly source: 'file' }>;

const corpusPrefix = 'corpus:';

/**
 * Data that lies in files as file data: a corpus is JSONL with the columns `source`, `target` and `group`, under the name
 * `corpus:debian/summarise.jsonl`. Null for data that comes with Tributary.
 */
export function asFileData(data: Exclude<DataSpec, { readonly source: 'words' }>): FileDataSpec;
export function asFileData(data: DataSpec): FileDataSpec | null;
export function asFileData(data: DataSpec): FileDataSpec | null {
  if (data.source === 'words') return null;
  if (data.source === 'file') return data;
  return {
    source: 'file',
    format: 'jsonl',
    path: `${corpusPrefix}${data.corpus}/${data.pairs}.jsonl`,
    columns: { source: 'source', target: 'target', group: 'group' },
    tokens: data.tokens,
    features: {},
  };
}

/** The document of a corpus, which is uploaded beside its pairs. */
export function corpusDocumentPath(corpus: CorpusName): string {
  return `${corpusPrefix}${corpus}/corpus.json`;
}

/** The names under which a task's data and tokenizers are uploaded: paths beside the run file, `corpus:…` for files of a corpus. */
export function dataPaths(data: DataSpec): string[] {
  const file = asFileData(data);
  if (file === null) return [];
  const tokenizers = [file.tokens.source, file.tokens.target].map((tokens) =>
    typeof tokens !== 'string' && tokens.kind === 'file' ? tokens.path : undefined,
  );
  const named = [file.path, file.validation, file.test, ...tokenizers].filter((path) => path !== undefined);
  return data.source === 'corpus' ? [...named, corpusDocumentPath(data.corpus)] : named;
}

/** The corpus and the file in its folder that a name stands for, or null for a path beside the run file. */
export function corpusFileOf(path: string): { readonly corpus: string; readonly file: string } | null {
  const [, corpus, file] = /^corpus:([a-z]+)\/([a-z-]+\.jsonl?)$/.exec(path) ?? [];
  return corpus === undefined || file === undefined ? null : { corpus, file };
}

/** What of a task's data does not fit together, and where. */
export function dataSourceProblems(data: DataSpec): { readonly path: readonly string[]; readonly message: string }[] {
  if (data.source === 'file')
    return [data.path, data.validation, data.test].some((path) => path?.startsWith(corpusPrefix))
      ? [
          {
            path: ['path'],
            message: `may not begin with "${corpusPrefix}"; for a fetched corpus write data: { source: corpus, corpus: debian, pairs: summarise }`,
          },
        ]
      : [];
  if (data.source === 'words' || pairsOfCorpus[data.corpus].includes(data.pairs)) return [];
  return [
    {
      path: ['pairs'],
      message: `corpus "${data.corpus}" has no pairs "${data.pairs}"; it has ${pairsOfCorpus[data.corpus].join(', ')}`,
    },
  ];
}
