import { useEffect, useId, useState } from 'preact/hooks';
import { addresses, navigate } from '../routing.js';

/** The runs by name; the address follows, so that a comparison can be shared. */
export function ChooseRuns({ ids }: { readonly ids: readonly string[] }) {
  const id = useId();
  const named = ids.join(' ');
  const [text, setText] = useState(named);
  useEffect(() => setText(named), [named]);
  const compare = (event: SubmitEvent): void => {
    event.preventDefault();
    navigate(addresses.compare(text.split(/[\s,]+/).filter((each) => each !== '')));
  };
  return (
    <form class="filter" onSubmit={compare}>
      <label for={id}>Runs, with spaces between</label>
      <div class="filter-row">
        <input
          id={id}
          class="code"
          value={text}
          spellcheck={false}
          autoComplete="off"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">Compare</button>
      </div>
    </form>
  );
}
