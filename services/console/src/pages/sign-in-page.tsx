import { useState } from 'preact/hooks';
import { ApiClient } from '../api/api-client.js';
import { ApiError, messageOf } from '../api/api-error.js';
import { Notice } from '../parts/notice.js';
import { useTitle } from '../parts/use-title.js';

/** Asks for the token, and lets nobody on who has not the right one. */
export function SignInPage({
  refused,
  onToken,
}: {
  readonly refused: boolean;
  readonly onToken: (token: string) => void;
}) {
  useTitle('Sign in');
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(refused ? wrongToken : null);
  const ask = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const given = token.trim();
    if (given === '') return setError('Paste the token of this stack first.');
    // fetch refuses what cannot stand in a header.
    if (!/^[\x21-\x7e]+$/.test(given)) return setError(wrongToken);
    setBusy(true);
    try {
      await new ApiClient(given).health();
      onToken(given);
    } catch (failure) {
      setError(failure instanceof ApiError && failure.status === 401 ? wrongToken : messageOf(failure));
      setBusy(false);
    }
  };
  return (
    <section class="sign-in">
      <h1>Sign in</h1>
      <p>
        Open the link that <code>npx tributary up</code> prints, or paste the token that stands in it. What runs already
        is not disturbed by another <code>up</code>.
      </p>
      <form onSubmit={ask}>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autoComplete="off"
          spellcheck={false}
          value={token}
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : 'token-error'}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        {error === null ? null : (
          <div id="token-error">
            <Notice kind="error">{error}</Notice>
          </div>
        )}
        <button type="submit" class="primary" disabled={busy}>
          Sign in
        </button>
      </form>
      <p class="fine">The token stays in this tab until it is closed, and is sent to this address only.</p>
    </section>
  );
}

const wrongToken = 'This is not the token of this stack; take the one of the link that npx tributary up prints.';
