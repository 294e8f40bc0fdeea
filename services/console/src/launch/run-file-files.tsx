import { formatBytes } from '@tributary/presentation';

export interface RunFileFilesProps {
  /** Paths that the run file names. */
  readonly paths: readonly string[];
  /** Path → key of those that are uploaded already. */
  readonly there: Readonly<Record<string, string>>;
  readonly chosen: Readonly<Record<string, File>>;
  readonly onChoose: (path: string, file: File) => void;
}

/** A field for each data file that the run file names: the page cannot read the disk by itself. */
export function RunFileFiles({ paths, there, chosen, onChoose }: RunFileFilesProps) {
  if (paths.length === 0) return null;
  return (
    <fieldset class="files">
      <legend>Files that it names</legend>
      {paths.map((path) => {
        const file = chosen[path];
        const id = `file-${path}`;
        return (
          <p class="file" key={path}>
            <label for={id}>
              <code>{path}</code>
            </label>
            <input
              id={id}
              type="file"
              onChange={({ currentTarget }) => {
                const picked = currentTarget.files?.[0];
                if (picked !== undefined) onChoose(path, picked);
              }}
            />
            <span class="fine">
              {file !== undefined
                ? formatBytes(file.size)
                : there[path] !== undefined
                  ? 'uploaded before'
                  : 'not chosen yet'}
            </span>
          </p>
        );
      })}
    </fieldset>
  );
}
