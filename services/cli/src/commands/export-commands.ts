import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { type ExportFormat, type ExportTable, exportFormats, exportTables, TributaryError } from '@tributary/protocol';
import { type Command, Option } from 'commander';
import { ApiClient } from '../api-client.js';
import { writeOut } from '../output-file.js';
import { formatBytes } from '../render/quantities.js';
import { withExcerpt } from '../text-fault.js';
import { type JsonOption, print, printJson } from './options.js';

interface ExportOptions extends JsonOption {
  readonly all?: boolean;
  readonly filter?: string;
  readonly format: ExportFormat;
  readonly table?: ExportTable;
  readonly out?: string;
}

/** runs export, import. */
export function addExportCommands(runs: Command): void {
  runs
    .command('export')
    .description(
      'write runs into a file: jsonl is everything but checkpoints and can be imported, csv and parquet one table',
    )
    .argument('[run...]')
    .option('--all', 'every run, also archived ones')
    .option('--filter <conditions>', 'those that it is true of, as in `runs list`')
    .addOption(new Option('--format <format>', 'how').choices(exportFormats).default('jsonl'))
    .addOption(new Option('--table <table>', 'of csv and parquet; default: points').choices(exportTables))
    .option('--out <file>', 'default: stdout')
    .option('--json', 'print JSON about the file')
    .action(async (names: string[], options: ExportOptions) => {
      const { all, filter, format, table, out, json } = options;
      if ([names.length > 0, all === true, filter !== undefined].filter((given) => given).length !== 1)
        throw new TributaryError(
          'SPEC_INVALID',
          'Name the runs to export, or give a --filter, or --all for every run: one of the three.',
        );
      if (out === undefined && (format === 'parquet' || json))
        throw new TributaryError(
          'SPEC_INVALID',
          `${json ? '--json tells of a file' : 'Parquet is not text'}; name one with --out.`,
        );
      if (format === 'jsonl' && table !== undefined)
        throw new TributaryError('SPEC_INVALID', '--table is of csv and parquet; jsonl holds whole runs.');
      const request = {
        runs: names.length > 0 ? names : null,
        format,
        ...(filter === undefined ? {} : { filter }),
        ...(table === undefined ? {} : { table }),
      };
      const client = await ApiClient.open();
      const body = await withExcerpt(filter === undefined ? {} : { filter }, () => client.export(request));
      const bytes = await writeOut(body, out);
      if (out === undefined) return;
      if (json) return printJson({ out, format, sizeBytes: bytes });
      print(`${out}: ${formatBytes(bytes)}`);
    });

  runs
    .command('import')
    .description('read runs from an export as jsonl; their ids stay')
    .argument('<file>')
    .option('--skip-taken', 'pass over runs whose id is taken, in place of ending there')
    .option('--json', 'print JSON')
    .action(async (file: string, options: JsonOption & { skipTaken?: boolean }) => {
      const found = await stat(file).catch(() => null);
      if (found === null || !found.isFile())
        throw new TributaryError(
          'DATA_INVALID',
          `${file} is no file; give one of: npx tributary runs export RUN --out FILE`,
        );
      const lines = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>;
      const reply = await (await ApiClient.open()).import(lines, options.skipTaken ? 'skip' : 'refuse');
      if (options.json) return printJson(reply);
      const passed = reply.skipped.length === 0 ? '' : `; ${reply.skipped.length} were here already`;
      print(`${reply.imported.length === 1 ? '1 run is' : `${reply.imported.length} runs are`} imported${passed}`);
    });
}
