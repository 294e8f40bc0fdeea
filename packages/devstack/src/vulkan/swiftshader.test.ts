import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSwiftshader, installSwiftshader } from './swiftshader.js';

let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'tributary-swiftshader-'));
});
afterAll(() => rm(cache, { recursive: true, force: true }));

const quiet = { report: () => undefined };

describe('the software Vulkan driver', () => {
  it('is set up once by processes that start together, and leaves nothing half done', async () => {
    const env = { ...process.env, TRIBUTARY_CACHE_DIR: join(cache, 'together') };
    expect(findSwiftshader(env)).toBeUndefined();
    const lines: string[] = [];
    const report = (line: string): void => {
      lines.push(line);
    };
    const [one, two] = await Promise.all([installSwiftshader({ env, report }), installSwiftshader({ env, report })]);
    expect(one).toEqual(two);
    if (!one.ok) return expect(one.reason).toMatch(/Debian/);
    expect(lines.filter((line) => line.includes('downloading'))).toHaveLength(1);
    expect(lines.join('\n')).toMatch(/32 MB.*usually 10 s, once/);
    expect(findSwiftshader(env)).toEqual({ driverFile: one.driverFile, version: one.version });
    for (const file of ['libvk_swiftshader.so', 'libvulkan.so.1']) {
      expect(existsSync(join(one.driverFile, '..', file))).toBe(true);
    }
    expect(existsSync(`${join(one.driverFile, '..')}.building`)).toBe(false);
  });

  it('is not there without apt, and the reason says so', async () => {
    const env = { PATH: '/nonexistent', TRIBUTARY_CACHE_DIR: join(cache, 'without') };
    expect(await installSwiftshader({ env, ...quiet })).toEqual({
      ok: false,
      reason: "SwiftShader comes from Debian's package chromium-common, and there is no apt-get here.",
    });
  });
});
