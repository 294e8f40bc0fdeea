import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface RepositoryOptions {
  /** Contents by path below the release. */
  readonly files: Readonly<Record<string, string>>;
  readonly origin?: string;
  readonly signed?: boolean;
}

/** A repository of files that gpg signs, and an environment in which apt knows no other. */
export interface AptRepository {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  publish(options: RepositoryOptions): Promise<void>;
  /** Changes a published file and leaves the signed index as it is. */
  tamper(path: string, content: string): Promise<void>;
  remove(): Promise<void>;
}

export async function aptRepository(): Promise<AptRepository> {
  // Short: gpg's agent has its socket in it.
  const folder = await mkdtemp(join(tmpdir(), 'apt-'));
  const gnupg = join(folder, 'gpg');
  await mkdir(gnupg, { mode: 0o700 });
  const gpg = (...args: string[]): void => {
    execFileSync('gpg', ['--homedir', gnupg, '--batch', '--yes', '--passphrase', '', ...args], { stdio: 'pipe' });
  };
  gpg('--quick-generate-key', 'Test <test@example.org>', 'ed25519', 'sign', 'never');
  const key = join(folder, 'key.gpg');
  gpg('--output', key, '--export');
  const release = join(folder, 'repository', 'dists', 'stable');
  const sources = join(folder, 'sources.list');
  await writeFile(sources, `deb [signed-by=${key}] copy:${join(folder, 'repository')} stable main\n`);
  const configuration = join(folder, 'apt.conf');
  await writeFile(
    configuration,
    `Dir::Etc::sourcelist "${sources}";\nDir::Etc::sourceparts "/dev/null";\nAPT::Architecture "amd64";\nAPT::Architectures { "amd64"; };\nAPT::Update::Post-Invoke { "touch ${join(folder, 'hook-ran')}"; };\n`,
  );
  const write = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(release, path)), { recursive: true });
    await writeFile(join(release, path), content);
  };
  return {
    folder,
    env: { ...process.env, APT_CONFIG: configuration },
    publish: async ({ files, origin = 'Debian', signed = true }) => {
      await rm(release, { recursive: true, force: true });
      const listed = [];
      for (const [path, content] of Object.entries(files)) {
        await write(path, content);
        const sha256 = createHash('sha256').update(content).digest('hex');
        listed.push(` ${sha256} ${Buffer.byteLength(content)} ${path}`);
      }
      const fields = ['Suite: stable', 'Codename: testing', 'Version: 1.5', 'Date: Thu, 01 Jan 2026 10:00:00 UTC'];
      const head = [`Origin: ${origin}`, 'Label: Test', ...fields, 'Architectures: amd64', 'Components: main'];
      await write('Release', `${[...head, 'SHA256:', ...listed].join('\n')}\n`);
      if (signed) gpg('--clearsign', '--output', join(release, 'InRelease'), join(release, 'Release'));
    },
    tamper: write,
    remove: async () => {
      execFileSync('gpgconf', ['--homedir', gnupg, '--kill', 'all'], { stdio: 'pipe' });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
