import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { expect, it } from 'vitest';
import { writeOut } from './output-file.js';

/** Five bytes, and then the connection is lost. */
function broken(): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) return controller.error(new Error('terminated'));
      sent = true;
      controller.enqueue(Buffer.from('a\nb\nc'));
    },
  });
}

it('leaves no file where the API breaks off', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  await expect(writeOut(broken(), join(folder, 'runs.jsonl'))).rejects.toMatchObject({
    code: 'SERVER_FAILED',
    message: expect.stringMatching(/^The API broke off \(terminated\), so .*runs\.jsonl was not written; try again\.$/),
  });
  expect(await readdir(folder)).toEqual([]);
});

it('says that what was printed is not whole', async () => {
  await expect(writeOut(broken(), undefined)).rejects.toMatchObject({
    code: 'SERVER_FAILED',
    message: expect.stringMatching(
      /^The API broke off \(terminated\) after \d bytes: what was printed is not whole; try again\.$/,
    ),
  });
});
