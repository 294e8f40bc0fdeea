import { chmod, rename, writeFile } from 'node:fs/promises';

/** Writes a file so that a reader, also after a crash, sees the old content or the new one, never half of it. */
export async function writeWholeFile(file: string, content: string, mode = 0o644): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  await writeFile(temporary, content, { mode });
  // The mode of writeFile holds only for a new file and under the umask.
  await chmod(temporary, mode);
  await rename(temporary, file);
}
