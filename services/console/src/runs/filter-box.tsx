import { useEffect, useRef, useState } from 'preact/hooks';
import { Link } from '../parts/link.js';
import { Notice } from '../parts/notice.js';
import { addresses, navigate } from '../routing.js';
import { offsetOfColumn } from './text-place.js';

export interface FilterBoxProps {
  /** The filter in force. */
  readonly filter: string;
  /** Why it cannot be read, and at which character, from 1. */
  readonly mistake: { readonly message: string; readonly column: number | null } | null;
}

/** Filters that people ask for daily. */
const ready: readonly { readonly name: string; readonly filter: string }[] = [
  { name: 'Running', filter: "state IN ('running', 'recovering', 'queued')" },
  { name: 'Finished', filter: "state = 'finished'" },
  { name: 'Failed', filter: "state = 'failed'" },
];

/** The filter of `tributary runs list --filter`; it stands in the address, so that a list can be shared. */
export function FilterBox({ filter, mistake }: FilterBoxProps) {
  const [text, setText] = useState(filter);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(filter), [filter]);
  const column = mistake?.column ?? null;
  const fault = column === null ? null : offsetOfColumn(filter, column);
  useEffect(() => {
    // Whoever has just typed it goes on typing where the mistake is.
    if (fault !== null && document.activeElement === input.current) input.current?.setSelectionRange(fault, fault);
  }, [fault, filter]);
  const apply = (event: SubmitEvent): void => {
    event.preventDefault();
    navigate(addresses.runs(text.trim()));
  };
  return (
    <search>
      <form class="filter" onSubmit={apply}>
        <label for="filter">Filter</label>
        <div class="filter-row">
          <input
            id="filter"
            ref={input}
            class="code"
            type="text"
            value={text}
            spellcheck={false}
            autoComplete="off"
            autoCapitalize="off"
            aria-invalid={mistake !== null}
            aria-describedby={mistake === null ? 'filter-help' : 'filter-mistake'}
            placeholder="experiment = 'words' and metrics.spell.train.loss < 0.3"
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
          <button type="submit">Apply</button>
        </div>
        {mistake === null ? null : (
          <div id="filter-mistake">
            <Notice kind="error" title="The filter cannot be read">
              <p class="error-text">{mistake.message}</p>
              {fault === null || fault >= filter.length ? null : (
                <p class="code mistake" aria-hidden="true">
                  {filter.slice(0, fault)}
                  <mark>{filter.slice(fault)}</mark>
                </p>
              )}
            </Notice>
          </div>
        )}
        <p class="fine" id="filter-help">
          <span class="chips">
            {ready.map(({ name, filter: own }) => (
              <Link key={name} class="chip" href={addresses.runs(own)} current={filter === own}>
                {name}
              </Link>
            ))}
            {filter === '' ? null : (
              <Link class="chip" href={addresses.runs()}>
                Clear
              </Link>
            )}
          </span>
          Metrics, parameters, tags and attributes, as in <code>tributary runs list --filter</code>
        </p>
      </form>
    </search>
  );
}
