import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { searchPath } from '../servers/find-server.js';
import { type AptRepository, aptRepository } from './apt-repository.fixture.js';
import { type FetchedIndices, fetchDebianIndices } from './debian-indices.js';

const md5 = 'd943033bedada21853d2ae54a2578a7b';
const packages = `Package: clock\nVersion: 1\nArchitecture: all\nDescription-md5: ${md5}\n`;
const german = `Package: clock\nDescription-md5: ${md5}\nDescription-de: zeigt die Uhrzeit\n`;
const files = {
  'main/binary-amd64/Packages': packages,
  'main/i18n/Translation-en': `Package: clock\nDescription-md5: ${md5}\nDescription-en: shows the time\n`,
  'main/i18n/Translation-de': german,
};

const tools = ['apt-get', 'gpg', 'gpgv', 'gpgconf'].filter((tool) => searchPath(tool, process.env) === undefined);
const missing = tools.length === 0 ? '' : ` (not run: there is no ${tools.join(', ')} here)`;

it('without apt it names the ways around', async () => {
  const fetching = fetchDebianIndices({ languages: ['en'], folder: '/none', env: { PATH: '/none' }, report: () => {} });
  await expect(fetching).rejects.toMatchObject({
    code: 'PREREQUISITE_MISSING',
    message: expect.stringMatching(/no apt-get on this system.*copy the folder.*format: jsonl/),
  });
});

describe.skipIf(missing !== '')(`apt on a repository of our own${missing}`, () => {
  let repository: AptRepository;
  let lines: string[];
  beforeEach(async () => {
    repository = await aptRepository();
    lines = [];
  });
  afterEach(() => repository.remove());
  const lists = () => join(repository.folder, 'own');
  const fetch = (): Promise<FetchedIndices> =>
    fetchDebianIndices({
      languages: ['en', 'de'],
      folder: lists(),
      env: repository.env,
      report: (line) => lines.push(line),
    });
  const refusal = async (): Promise<TributaryError> => {
    const error: unknown = await fetch().then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TributaryError);
    return error as TributaryError;
  };

  it('reads what the signed release lists, says so, runs no hook, and does it again over its own lists', async () => {
    await repository.publish({ files });
    const fetched = await fetch();
    expect(fetched.release).toEqual({ origin: 'Debian', codename: 'testing', version: '1.5', date: '2026-01-01' });
    expect(fetched.packages).toBe(packages);
    expect(fetched.translations.get('de')).toBe(german);
    expect(fetched.origin.map(({ name }) => name).sort()).toEqual(['InRelease', ...Object.keys(files)].sort());
    expect(lines.some((line) => /^Debian: .*Translation-de/.test(line))).toBe(true);
    expect(existsSync(join(repository.folder, 'hook-ran'))).toBe(false);
    expect(await fetch()).toEqual(fetched);
    // What an interrupted fetch may leave: some lists without the others.
    const kept = await readdir(join(lists(), 'lists'));
    for (const name of kept.filter((each) => each.includes('Translation'))) await rm(join(lists(), 'lists', name));
    expect(await fetch()).toEqual(fetched);
  });

  it('refuses an index that is not the one that was signed', async () => {
    await repository.publish({ files });
    await repository.tamper('main/i18n/Translation-de', german.replace('Uhrzeit', 'Unzeit!'));
    expect(await refusal()).toMatchObject({ code: 'SERVER_FAILED', message: expect.stringMatching(/apt said:.*/s) });
  });

  it('refuses a release that is not signed', async () => {
    await repository.publish({ files, signed: false });
    expect(await refusal()).toMatchObject({ code: 'SERVER_FAILED', message: expect.stringMatching(/not signed/) });
  });

  it('says which sources are missing where they are not those of Debian, or have no translations', async () => {
    await repository.publish({ files, origin: 'Ubuntu' });
    expect(await refusal()).toMatchObject({
      code: 'PREREQUISITE_MISSING',
      message: expect.stringMatching(/no trusted index of Debian's main.*format: jsonl/),
    });
    const { 'main/i18n/Translation-de': _, ...withoutGerman } = files;
    await repository.publish({ files: withoutGerman });
    expect(await refusal()).toMatchObject({
      code: 'PREREQUISITE_MISSING',
      message: expect.stringMatching(/none of the releases .* in all of en, de/),
    });
  });
});
