import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { TributaryError } from '@tributary/protocol';

/** Where the build leaves the workflow code as one file, so that a start need not bundle it. */
export const workflowBundlePath = fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url));

/** @throws TributaryError `PREREQUISITE_MISSING` where it was not built */
export async function requireWorkflowBundle(): Promise<{ readonly codePath: string }> {
  try {
    await access(workflowBundlePath);
  } catch {
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `The workflow bundle ${workflowBundlePath} is missing: run \`make build\`.`,
    );
  }
  return { codePath: workflowBundlePath };
}
