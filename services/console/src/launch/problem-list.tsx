import type { ValidationReplyDocument } from '@tributary/protocol';
import { Notice } from '../parts/notice.js';

export interface ProblemListProps {
  readonly problems: ValidationReplyDocument['problems'];
  /** Goes to a line of the run file, from 1. */
  readonly onLine: (line: number) => void;
}

/** What is wrong in a run file; each line number leads there. */
export function ProblemList({ problems, onLine }: ProblemListProps) {
  return (
    <Notice kind="error" title={problems.length === 1 ? 'One thing is wrong' : `${problems.length} things are wrong`}>
      <ol class="problems">
        {problems.map(({ line, field, message }) => (
          <li key={`${line} ${field} ${message}`}>
            {line === null ? null : (
              <button type="button" class="link" onClick={() => onLine(line)}>
                Line {line}
              </button>
            )}
            <span>
              {field === '' ? null : <code>{field}</code>} {message}
            </span>
          </li>
        ))}
      </ol>
    </Notice>
  );
}
