import { dataPaths, type RunFile } from '@tributary/config';

/** Every path that a run file names, each once: data and tokenizers first, then weights. They are uploaded with it. */
export function namedFiles({ tasks, init }: RunFile): string[] {
  const paths = new Set<string>();
  for (const { data } of tasks) for (const path of dataPaths(data)) paths.add(path);
  const weights = init?.from.file;
  if (weights !== undefined) paths.add(weights);
  return [...paths];
}
