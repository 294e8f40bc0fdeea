import { createHash } from 'node:crypto';
import { dataKey, type ForkRequestDocument } from '@tributary/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { ApiClient } from '../api-client.js';
import { readRunFile } from '../read-run-file.js';
import { forkText, pauseText, scaleText } from '../render/steering.js';
import { watchRun } from '../watch-run.js';
import { type Finish, type JsonOption, positiveInteger, print, printJson, wholeNumber } from './options.js';

interface ForkOptions extends JsonOption {
  readonly step?: number;
  readonly set: Readonly<Record<string, unknown>>;
  readonly file?: string;
  readonly experiment?: string;
  readonly steps?: number;
  readonly watch?: boolean;
}

/** pause, scale, fork. */
export function addSteerCommands(program: Command, finish: Finish): void {
  program
    .command('pause')
    .description('stop a run at its next step and give its workers back, to be resumed later')
    .argument('<run>')
    .option('--json', 'print JSON')
    .action(async (run: string, options: JsonOption) => {
      const reply = await (await ApiClient.open()).pause(run);
      if (options.json) return printJson(reply);
      print(pauseText(reply));
    });

  program
    .command('scale')
    .description('train a run on more or fewer workers, until its attempt ends; the result stays the same')
    .argument('<run>')
    .requiredOption('--workers <n>', 'how many: 1 to its lanes', positiveInteger)
    .option('--json', 'print JSON')
    .action(async (run: string, options: JsonOption & { workers: number }) => {
      const reply = await (await ApiClient.open()).scale(run, options.workers);
      if (options.json) return printJson(reply);
      print(scaleText(reply));
    });

  program
    .command('fork')
    .description('launch a new run from a checkpoint of another, with changes')
    .argument('<run>')
    .option('--step <n>', 'from the checkpoint of this step; without it, the newest', wholeNumber)
    .option(
      '--set <field=value>',
      'change a field, e.g. optimizer.learningRate=0.0005; may stand often',
      assignment,
      {},
    )
    .option('--file <file>', "a whole run file in place of the parent's")
    .option('--experiment <name>', 'experiment of the new run')
    .option('--steps <n>', 'train up to this step', positiveInteger)
    .option('--watch', 'follow it to its end and print the results')
    .option('--json', 'print JSON')
    .action(async (run: string, options: ForkOptions) => {
      const request = await forkRequest(options);
      const client = await ApiClient.open();
      const reply = await client.fork(run, request);
      if (options.json) printJson(options.watch ? { kind: 'forked', ...reply } : reply);
      else print(forkText(reply, options.watch ?? false));
      if (options.watch) finish(await watchRun(client, reply.run, { json: options.json ?? false }));
    });
}

async function forkRequest({ step, set, file, experiment, steps }: ForkOptions): Promise<ForkRequestDocument> {
  const changes = {
    ...set,
    ...(experiment === undefined ? {} : { experiment }),
    ...(steps === undefined ? {} : { 'budget.steps': steps }),
  };
  const request = { ...(step === undefined ? {} : { step }), set: changes };
  if (file === undefined) return request;
  const { spec, files } = await readRunFile(file);
  const keys = [...files].map(([path, bytes]) => [path, dataKey(createHash('sha256').update(bytes).digest('hex'))]);
  return { ...request, spec, files: Object.fromEntries(keys) };
}

/** `optimizer.learningRate=0.0005`: a value as JSON where it is that, else text. */
function assignment(text: string, before: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be field=value, e.g. optimizer.learningRate=0.0005.');
  const value = text.slice(at + 1);
  let parsed: unknown = value;
  try {
    parsed = JSON.parse(value);
  } catch {
    // Plain text.
  }
  return { ...before, [text.slice(0, at).trim()]: parsed };
}
