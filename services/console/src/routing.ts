import { useEffect, useState } from 'preact/hooks';

/** What an address of the console shows. */
export type Route =
  | { readonly page: 'runs' }
  | { readonly page: 'run'; readonly run: string }
  | { readonly page: 'compare' }
  | { readonly page: 'launch' }
  | { readonly page: 'workers' }
  | { readonly page: 'unknown' };

const base = '/console';

export const addresses = {
  runs: (filter = '', page = ''): string => {
    const query = new URLSearchParams({ ...(filter === '' ? {} : { filter }), ...(page === '' ? {} : { page }) });
    return `${base}/runs${query.size === 0 ? '' : `?${query}`}`;
  },
  run: (run: string): string => `${base}/runs/${encodeURIComponent(run)}`,
  compare: (runs: readonly string[], metric?: string): string => {
    const query = new URLSearchParams(runs.map((run) => ['run', run]));
    if (metric !== undefined) query.set('metric', metric);
    return `${base}/compare?${query}`;
  },
  launch: (from?: string): string => `${base}/launch${from === undefined ? '' : `?${new URLSearchParams({ from })}`}`,
  workers: (): string => `${base}/workers`,
};

export function routeOf(path: string): Route {
  const [, , page = '', id, ...rest] = path.replace(/\/+$/, '').split('/');
  if (rest.length > 0) return { page: 'unknown' };
  if (page === 'runs' && id !== undefined) return { page: 'run', run: decoded(id) };
  if (id !== undefined) return { page: 'unknown' };
  if (page === '' || page === 'runs') return { page: 'runs' };
  if (page === 'compare' || page === 'launch' || page === 'workers') return { page };
  return { page: 'unknown' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const moved = 'tributary:moved';
let walking = false;

/** Whether the user has gone from one address of the console to another since the page was loaded. */
export function isWalking(): boolean {
  return walking;
}

/** Goes to another address of the console without loading the page anew. */
export function navigate(address: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace === true) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  walking = true;
  dispatchEvent(new Event(moved));
}

/** The address now: its path and its query. */
export function useAddress(): { readonly path: string; readonly query: URLSearchParams } {
  const [href, setHref] = useState(location.pathname + location.search);
  useEffect(() => {
    const follow = (): void => {
      walking = true;
      setHref(location.pathname + location.search);
    };
    addEventListener('popstate', follow);
    addEventListener(moved, follow);
    return () => {
      removeEventListener('popstate', follow);
      removeEventListener(moved, follow);
    };
  }, []);
  const [path = '', query = ''] = href.split('?');
  return { path, query: new URLSearchParams(query) };
}
