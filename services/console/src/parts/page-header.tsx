import { useState } from 'preact/hooks';
import { addresses, type Route } from '../routing.js';
import { keepTheme, storedTheme, type Theme, themes } from '../theme.js';
import { Link } from './link.js';
import { Mark } from './mark.js';

const names: Readonly<Record<Theme, string>> = { auto: 'As the system', light: 'Light', dark: 'Dark' };

export function PageHeader({ route, onSignOut }: { readonly route: Route; readonly onSignOut: (() => void) | null }) {
  return (
    <header class="top">
      <Link class="brand" href={addresses.runs()}>
        <Mark />
        <span>Tributary</span>
      </Link>
      {onSignOut === null ? null : (
        <nav aria-label="Pages">
          <Link href={addresses.runs()} current={route.page === 'runs'}>
            Runs
          </Link>
          <Link href={addresses.workers()} current={route.page === 'workers'}>
            Workers
          </Link>
          <Link href={addresses.launch()} current={route.page === 'launch'}>
            Launch
          </Link>
        </nav>
      )}
      <div class="top-tools">
        <ThemeSwitch />
        {onSignOut === null ? null : (
          <button type="button" class="quiet" onClick={onSignOut}>
            Sign out
          </button>
        )}
      </div>
    </header>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme());
  const choose = (chosen: Theme): void => {
    keepTheme(chosen);
    setTheme(chosen);
  };
  return (
    <select
      class="quiet"
      aria-label="Colour scheme"
      value={theme}
      onChange={({ currentTarget }) => choose(currentTarget.value as Theme)}
    >
      {themes.map((each) => (
        <option key={each} value={each}>
          {names[each]}
        </option>
      ))}
    </select>
  );
}
