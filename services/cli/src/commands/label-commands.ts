import { TributaryError } from '@tributary/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { ApiClient } from '../api-client.js';
import { printable } from '../render/quantities.js';
import { denseTable } from '../render/tables.js';
import { type JsonOption, print, printJson } from './options.js';

/** runs tag, note, archive, restore. */
export function addLabelCommands(runs: Command): void {
  runs
    .command('tag')
    .description('set or remove tags of a run; without any, show them')
    .argument('<run>')
    .argument('[key=value...]', 'tags to set')
    .option('--remove <key>', 'a tag to take away; may stand often', collected, [])
    .option('--json', 'print JSON')
    .action(async (run: string, pairs: string[], options: JsonOption & { remove: readonly string[] }) => {
      const set = Object.fromEntries(pairs.map(tagOf));
      const document = await (await ApiClient.open()).tag(run, { set, remove: options.remove });
      if (options.json) return printJson(document);
      const rows = Object.entries(document.tags);
      print(rows.length === 0 ? `Run ${run} has no tags` : denseTable(['tag', 'value'], rows));
    });

  runs
    .command('note')
    .description('write a note on a run, in place of the one before; an empty one takes it away')
    .argument('<run>')
    .argument('<text>')
    .option('--json', 'print JSON')
    .action(async (run: string, text: string, options: JsonOption) => {
      const document = await (await ApiClient.open()).note(run, text === '' ? null : text);
      if (options.json) return printJson(document);
      print(document.note === null ? `Run ${run} has no note` : `Run ${run}: ${printable(document.note)}`);
    });

  for (const [verb, description, done] of [
    ['archive', 'take runs out of lists; nothing else changes', 'archived'],
    ['restore', 'put archived runs back into lists', 'back in lists'],
  ] as const)
    runs
      .command(verb)
      .description(description)
      .argument('<run...>')
      .option('--json', 'print JSON')
      .action(async (names: string[], options: JsonOption) => {
        const document = await (await ApiClient.open())[verb](names);
        if (options.json) return printJson(document);
        const { length } = document.changed;
        print(
          `${length === 1 ? '1 run is' : `${length} runs are`} ${done}${length < names.length ? '; the others were already' : ''}`,
        );
      });
}

function collected(value: string, before: readonly string[]): readonly string[] {
  if (value === '') throw new InvalidArgumentError('It must name a tag.');
  return [...before, value];
}

function tagOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new TributaryError('SPEC_INVALID', `"${text}" is no tag; write key=value, e.g. purpose=baseline.`);
  return [text.slice(0, at).trim(), text.slice(at + 1)];
}
