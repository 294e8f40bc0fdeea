/** A benchmark that leaves nothing behind: what it started is ended on success, on an error and on Ctrl-C. */

const cleanups = [];

/** Says progress, on stderr: stdout is for the table. */
export const report = (line) => process.stderr.write(`${line}\n`);

/** Registers what must be undone at the end, last first. @returns a function that undoes it now, once */
export function atEnd(undo) {
  let undone = null;
  const once = () => {
    // It stays registered until it is done: an interruption meanwhile waits for it.
    undone ??= Promise.resolve()
      .then(undo)
      .finally(() => cleanups.splice(cleanups.indexOf(once), 1));
    return undone;
  };
  cleanups.push(once);
  return once;
}

async function cleanUp() {
  while (cleanups.length > 0)
    await cleanups
      .at(-1)()
      .catch((error) => report(`cleaning up: ${error.message}`));
}

/** Runs `main`; an interrupted one ends with the signal's usual exit code. */
export async function runBench(main) {
  let interrupted = false;
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])
    process.on(signal, () => {
      if (interrupted) return;
      interrupted = true;
      report(`${signal}: ending what was started`);
      cleanUp().finally(() => process.exit(code));
    });
  let code = 0;
  try {
    await main();
  } catch (error) {
    if (!interrupted) report(`error: ${error.code === undefined && process.env.DEBUG ? error.stack : error.message}`);
    code = 1;
  }
  // An interruption ends the process itself.
  if (interrupted) await new Promise(() => undefined);
  await cleanUp();
  process.exit(code);
}

/** `--codecs fp32,int8` as a list; every entry must be one of `known`, where that is given. */
export function listOf(text, name, known) {
  const entries = text.split(',').filter((entry) => entry !== '');
  const wrong = entries.find((entry) => known !== undefined && !known.includes(entry));
  if (entries.length === 0 || wrong !== undefined)
    throw new Error(`--${name} takes a list of ${known?.join(', ') ?? 'values'}, not "${text}"`);
  return entries;
}

/** Like {@link listOf}, of numbers above 0. */
export function numbersOf(text, name) {
  return listOf(text, name).map((entry) => {
    const number = Number(entry);
    if (!(number > 0)) throw new Error(`--${name} takes numbers above 0, not "${entry}"`);
    return number;
  });
}
