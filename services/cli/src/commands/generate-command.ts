import { type GenerateReplyDocument, TributaryError } from '@tributary/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { ApiClient } from '../api-client.js';
import { generateAll } from '../generate/generate-all.js';
import { type GenerateFlags, optionsOfFlags } from '../generate/options-of-flags.js';
import { readSources, type Sources } from '../generate/read-sources.js';
import { attentionChart } from '../plot/attention-chart.js';
import { drawChart, requireFormat } from '../plot/draw-chart.js';
import { generatedLines, generatedText } from '../render/generated-text.js';
import { type JsonOption, positiveInteger, print, printJson, wholeNumber } from './options.js';

interface GenerateCommandOptions extends JsonOption, GenerateFlags {
  readonly task: string;
  readonly file?: string;
}

/** generate. */
export function addGenerateCommand(program: Command): void {
  program
    .command('generate')
    .description('generate with the newest checkpoint of a run')
    .argument('<run>')
    .argument('[text...]', 'sources; without any, and without --file, lines of stdin')
    .requiredOption('--task <name>', 'which of its tasks')
    .option('--file <path>', 'a file with one source a line; an output a line is printed')
    .option('--max-length <n>', 'longest output, in symbols', positiveInteger)
    .option(
      '--beam <width>',
      'search with a beam of so many hypotheses; without it the likeliest symbol is taken',
      positiveInteger,
    )
    .option('--length-penalty <alpha>', 'of a beam: 0 ranks by probability alone (0.6)', decimal)
    .option('--sample', 'draw symbols')
    .option('--temperature <t>', 'of draws: below 1 likely symbols get likelier (1)', decimal)
    .option('--top-k <n>', 'draw from so many of the likeliest symbols', positiveInteger)
    .option('--top-p <share>', 'draw from the fewest symbols with this share of the probability', decimal)
    .option('--seed <n>', 'of draws: the same seed gives the same text (1)', wholeNumber)
    .option('--n-best <n>', 'outputs of each source, with their scores', positiveInteger)
    .option('--repetition-penalty <factor>', 'above 1: symbols that came before get unlikelier', decimal)
    .option('--attention <file>', 'draw what the output reads of its source, into an .svg or .png; of one source')
    .option('--json', 'print JSON')
    .action(async (run: string, given: string[], options: GenerateCommandOptions) => generate(run, given, options));
}

async function generate(run: string, given: readonly string[], options: GenerateCommandOptions): Promise<void> {
  const { task, file, attention, json } = options;
  const decoding = optionsOfFlags(options);
  if (attention !== undefined) requireFormat(attention, 'attention');
  const sources = await readSources(given, file);
  if (attention !== undefined && sources.texts.length > 1)
    throw new TributaryError(
      'SPEC_INVALID',
      `--attention draws one source, not ${sources.texts.length}; give one, or take the numbers of up to 16 from the API.`,
    );
  const replies: GenerateReplyDocument[] = [];
  let line = 1;
  for await (const reply of generateAll(await ApiClient.open(), {
    run,
    task,
    sources: sources.texts,
    options: decoding,
  })) {
    if (json || !sources.lines) replies.push(reply);
    else print(generatedLines(reply.outputs, line));
    line += reply.outputs.length;
    if (attention !== undefined) await draw(reply, attention);
  }
  report(replies, sources, json ?? false);
}

async function draw({ run, task, outputs: [first] }: GenerateReplyDocument, out: string): Promise<void> {
  if (first?.attention === undefined)
    throw new TributaryError('SERVER_FAILED', 'The API sent no attention; try again.');
  await drawChart(attentionChart(first.attention, `${run} · ${task}`), out);
}

function report(replies: readonly GenerateReplyDocument[], { lines }: Sources, json: boolean): void {
  const [first] = replies;
  if (first === undefined) return;
  const outputs = replies.flatMap((reply) => reply.outputs);
  if (json) printJson({ ...first, outputs });
  else if (!lines) print(generatedText(outputs));
}

export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}
