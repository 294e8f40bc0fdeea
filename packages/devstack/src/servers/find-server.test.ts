import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureServer } from './build-server.js';
import { builtBinary, findServer } from './find-server.js';
import { compareVersions, goServers, versionProblem } from './release.js';

const nats = goServers['nats-server'];
let root: string;

/** A program that only says a version: enough to be chosen or passed over, never started as a server here. */
async function program(folder: string, says: string): Promise<string> {
  await mkdir(join(root, folder), { recursive: true });
  const file = join(root, folder, 'nats-server');
  await writeFile(file, `#!/bin/sh\necho '${says}'\n`);
  await chmod(file, 0o755);
  return file;
}

function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', HOME: root, XDG_CACHE_HOME: join(root, 'cache'), ...more };
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-find-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('finding a server', () => {
  it('takes one from PATH when its version serves', async () => {
    const file = await program('good', 'nats-server: v2.14.1');
    const found = await findServer(nats, environment({ PATH: `${join(root, 'good')}:/usr/bin:/bin` }));
    expect(found).toEqual({ found: true, path: file, version: '2.14.1', from: 'PATH' });
  });

  it('passes over one that is too old and says which and why', async () => {
    const file = await program('old', 'nats-server: v1.4.1');
    const found = await findServer(nats, environment({ PATH: `${join(root, 'old')}:/usr/bin:/bin` }));
    expect(found).toEqual({
      found: false,
      rejected: `${file} is version 1.4.1; 2.12.0 or later of version 2 is needed`,
    });
  });

  it('never replaces what the environment names: it must serve', async () => {
    const old = await program('old', 'nats-server: v1.4.1');
    await expect(findServer(nats, environment({ TRIBUTARY_NATS_SERVER: old }))).rejects.toThrow(
      `TRIBUTARY_NATS_SERVER=${old} is version 1.4.1; 2.12.0 or later of version 2 is needed; name another binary or unset the variable.`,
    );
    await expect(findServer(nats, environment({ TRIBUTARY_NATS_SERVER: join(root, 'missing') }))).rejects.toThrow(
      /is not an executable file/,
    );
    const silent = await program('silent', 'hello');
    await expect(findServer(nats, environment({ TRIBUTARY_NATS_SERVER: silent }))).rejects.toThrow(
      /does not say a version of nats-server/,
    );
    const good = await program('good', 'nats-server: v2.14.1');
    expect(await findServer(nats, environment({ TRIBUTARY_NATS_SERVER: good }))).toMatchObject({
      found: true,
      from: 'environment',
    });
  });

  it('gives a built server a name that changes with its source', () => {
    expect(builtBinary(nats, 'nats-server', environment({}))).toMatch(
      /cache\/tributary\/bin\/nats-server-2\.15\.2-[0-9a-f]{8}$/,
    );
  });

  it('says what to install where Go is missing or too old', async () => {
    const options = { env: environment({ PATH: '/nonexistent' }), report: () => undefined };
    await expect(ensureServer(nats, options)).rejects.toThrow(
      'Go 1.26.8 or later is needed to build nats-server; install it from https://go.dev/dl or set TRIBUTARY_NATS_SERVER to a binary of nats-server 2.12.0 or later.',
    );
    const go = join(root, 'oldgo', 'go');
    await mkdir(join(root, 'oldgo'));
    await writeFile(go, '#!/bin/sh\necho go1.19.8\n');
    await chmod(go, 0o755);
    const withOldGo = { env: environment({ PATH: `${join(root, 'oldgo')}:/usr/bin:/bin` }), report: () => undefined };
    await expect(ensureServer(nats, withOldGo)).rejects.toThrow(
      /needed to build nats-server, this is Go 1\.19\.8; install it/,
    );
  });
});

describe('versions', () => {
  it('compare as numbers', () => {
    expect(compareVersions('2.9.10', '2.12.0')).toBeLessThan(0);
    expect(compareVersions('1.26.10', '1.26.8')).toBeGreaterThan(0);
    expect(compareVersions('20.19', '20.19.0')).toBe(0);
  });

  it('serve from the minimum on within one major version', () => {
    expect(versionProblem(nats, '2.12.0')).toBeUndefined();
    expect(versionProblem(nats, '3.0.0')).toMatch(/is version 3\.0\.0/);
    expect(versionProblem(nats, undefined)).toMatch(/does not say a version/);
  });
});
