const key = 'tributary.token';

/**
 * The token of this tab. One that came with the address (`/console#token=…`, as `tributary up` prints it) is kept for the tab
 * and taken out of the address at once, so that it is neither in the history nor in what is copied.
 */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    if (given !== '') sessionStorage.setItem(key, given);
  }
  return sessionStorage.getItem(key);
}

export function keepToken(token: string): void {
  sessionStorage.setItem(key, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(key);
}
