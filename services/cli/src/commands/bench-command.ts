import { backendKinds, probeBackend, repositoryRoot } from '@tributary/devstack';
import { TributaryError } from '@tributary/protocol';
import type { Command } from 'commander';
import { type BackendBench, type BenchedBackend, benchBackend } from '../backend-bench.js';
import { exitCodes } from '../failure.js';
import { benchReport } from '../render/bench-report.js';
import { type Finish, type JsonOption, positiveInteger, print, printJson } from './options.js';

interface BenchCommandOptions extends JsonOption {
  readonly backend?: readonly string[];
  readonly device: string;
  readonly threads: number;
  readonly seconds: number;
}

/** bench. */
export function addBenchCommand(program: Command, finish: Finish): void {
  program
    .command('bench')
    .description("measure this machine's compute backends on a training step like that of examples/words.yaml")
    .option('--backend <names...>', `only these: ${backendKinds.join(', ')}`)
    .option('--device <device>', 'cpu or gpu:N', 'cpu')
    .option('--threads <n>', 'threads of a backend', positiveInteger, 1)
    .option('--seconds <n>', 'time for the steps of each backend', positiveInteger, 5)
    .option('--json', 'print JSON')
    .action(async (options: BenchCommandOptions) => finish(await bench(options)));
}

async function bench(options: BenchCommandOptions): Promise<number> {
  if (!/^(cpu|gpu:\d+)$/.test(options.device))
    throw new TributaryError('SPEC_INVALID', `--device is "${options.device}"; it must be cpu or gpu:N`);
  const kinds = chosen(options.backend);
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const { seconds, threads, device } = options;
  say(
    `Measuring ${kinds.join(', ')} one after another, on ${threads === 1 ? 'one thread' : `${threads} threads`} (about ${kinds.length * (seconds + 6)} s)`,
  );
  const benches: BackendBench[] = [];
  for (const kind of kinds) {
    say(`${kind} …`);
    benches.push(await benchBackend(kind, { device, threads, seconds }, options.backend !== undefined));
  }
  const auto = await probeBackend(repositoryRoot(), 'auto', device, process.env);
  if (options.json) printJson({ threads, backends: benches, auto });
  else print(benchReport(benches, auto));
  return benches.some(({ ok }) => ok) ? exitCodes.done : exitCodes.failed;
}

function chosen(named: readonly string[] | undefined): readonly BenchedBackend[] {
  if (named === undefined) return backendKinds;
  const kinds = named.flatMap((each) => each.split(','));
  const unknown = kinds.find((kind) => !(backendKinds as readonly string[]).includes(kind));
  if (unknown === undefined) return backendKinds.filter((kind) => kinds.includes(kind));
  throw new TributaryError('SPEC_INVALID', `--backend is "${unknown}"; it must be one of ${backendKinds.join(', ')}`);
}
