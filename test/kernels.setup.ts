import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Vitest's global set-up: builds the exchange's kernels where their source changed, as `make build` does. */
export default function setup(): void {
  const build = fileURLToPath(new URL('../packages/collectives/assembly/build.mjs', import.meta.url));
  execFileSync(process.execPath, [build], { stdio: 'inherit' });
}
