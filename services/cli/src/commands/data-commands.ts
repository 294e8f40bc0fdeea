import { type CorpusName, corpusNames } from '@tributary/config';
import { listCorpora } from '@tributary/corpora';
import { corporaFolder } from '@tributary/devstack';
import { Argument, type Command } from 'commander';
import { fetchCorpus } from '../corpora/fetch-corpus.js';
import { corporaText, corpusText } from '../render/corpus-text.js';
import { type JsonOption, print, printJson } from './options.js';

/** data fetch, list. */
export function addDataCommands(program: Command): void {
  const data = program.command('data').description('fetch corpora to train on, and list those that are here');
  data
    .command('fetch')
    .description('bring a corpus to this machine; says what it is, what was checked and under which licence it stands')
    .addArgument(new Argument('<corpus>', 'debian needs apt, chitchat pip').choices(corpusNames))
    .option('--again', 'fetch it anew although it is here')
    .option('--json', 'print JSON')
    .action(async (corpus: CorpusName, options: JsonOption & { again?: boolean }) => {
      const startedAtMs = Date.now();
      const report = options.json ? (line: string) => process.stderr.write(`${line}\n`) : print;
      const { document, folder, fetched } = await fetchCorpus(corpus, { again: options.again ?? false, report });
      if (options.json) return printJson({ folder, fetched, ...document });
      print(corpusText(document, folder));
      const seconds = Math.round((Date.now() - startedAtMs) / 1000);
      print(
        fetched
          ? `\nFetched in ${seconds} s`
          : `\nIt was here already, since ${document.fetchedAt}; --again fetches it anew`,
      );
    });
  data
    .command('list')
    .description('the corpora on this machine and their pairs')
    .option('--json', 'print JSON')
    .action(async (options: JsonOption) => {
      const documents = await listCorpora(corporaFolder());
      if (options.json) return printJson({ folder: corporaFolder(), corpora: documents });
      print(corporaText(documents));
    });
}
