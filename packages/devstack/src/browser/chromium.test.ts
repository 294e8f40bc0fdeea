import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findChromium, installChromium } from './chromium.js';

it('takes the browser that is named, and says what is missing where there is neither one nor apt', async () => {
  expect(findChromium({ TRIBUTARY_CHROMIUM: '/opt/chromium' })).toEqual({
    executable: '/opt/chromium',
    env: {},
    version: 'TRIBUTARY_CHROMIUM',
  });
  const cache = await mkdtemp(join(tmpdir(), 'tributary-chromium-'));
  const env = { PATH: '/nonexistent', TRIBUTARY_CACHE_DIR: cache };
  expect(findChromium(env)).toBeUndefined();
  expect(await installChromium({ env, report: () => undefined })).toEqual({
    ok: false,
    reason:
      "Chromium comes from Debian's package chromium-headless-shell, and there is no apt-get here; name a Chromium in TRIBUTARY_CHROMIUM.",
  });
  await rm(cache, { recursive: true });
});
