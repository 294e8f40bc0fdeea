/**
 * Compiles the kernels of this folder to dist/kernels.wasm, beside the compiled JavaScript that loads it; does nothing where that
 * was built from the same sources by the same compiler.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const options = [
  '-O3',
  '--runtime=stub',
  '--noAssert',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory=1',
  '--maximumMemory=65536',
  '--enable=simd,threads,bulk-memory',
];

/** @returns {Promise<boolean>} whether it had to compile. */
export async function buildKernels() {
  const folder = dirname(fileURLToPath(import.meta.url));
  const output = join(folder, '../dist');
  const compiler = createRequire(import.meta.url)('assemblyscript/package.json').version;
  const hash = createHash('sha256').update(JSON.stringify([compiler, options]));
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  const built = `${hash.digest('hex')}\n`;
  const stamp = join(output, 'kernels.sources');
  if (textOf(stamp) === built && textOf(join(output, 'kernels.wasm')) !== null) return false;

  const { default: assemblyscript } = await import('assemblyscript/asc');
  /** @type {Uint8Array | null} */
  let code = null;
  const { error, stderr } = await assemblyscript.main(
    ['index.ts', '--outFile=kernels.wasm', '--baseDir', folder, ...options],
    {
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) code = contents;
      },
    },
  );
  if (error !== null || code === null)
    throw new Error(`The kernels do not compile:\n${stderr.toString()}${error ?? ''}`);
  mkdirSync(output, { recursive: true });
  replace(join(output, 'kernels.wasm'), code);
  replace(stamp, built);
  return true;
}

/** @param {string} file */
function textOf(file) {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}

/** A reader finds the old file or the new one, whole. @param {string} file @param {string | Uint8Array} contents */
function replace(file, contents) {
  const part = `${file}.${process.pid}`;
  writeFileSync(part, contents);
  renameSync(part, file);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const startedAtMs = Date.now();
  if (await buildKernels())
    process.stdout.write(`kernels: compiled in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s\n`);
}
