import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiClient } from './api/api-client.js';
import { ApiContext } from './api/api-context.js';
import { forgetToken, keepToken } from './api/token.js';
import { ComparePage } from './pages/compare-page.js';
import { LaunchPage } from './pages/launch-page.js';
import { RunPage } from './pages/run-page.js';
import { RunsPage } from './pages/runs-page.js';
import { SignInPage } from './pages/sign-in-page.js';
import { WorkersPage } from './pages/workers-page.js';
import { Link } from './parts/link.js';
import { Notice } from './parts/notice.js';
import { PageHeader } from './parts/page-header.js';
import { addresses, isWalking, type Route, routeOf, useAddress } from './routing.js';

export function App({ token: given }: { readonly token: string | null }) {
  const [token, setToken] = useState(given);
  const [refused, setRefused] = useState(false);
  const client = useMemo(
    () =>
      token === null
        ? null
        : new ApiClient(token, () => {
            forgetToken();
            setRefused(true);
            setToken(null);
          }),
    [token],
  );
  const signIn = (accepted: string): void => {
    keepToken(accepted);
    setRefused(false);
    setToken(accepted);
  };
  const signOut = (): void => {
    forgetToken();
    setRefused(false);
    setToken(null);
  };
  const { path } = useAddress();
  const route = routeOf(path);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <PageHeader route={route} onSignOut={client === null ? null : signOut} />
      {client === null ? (
        <Main>
          <SignInPage refused={refused} onToken={signIn} />
        </Main>
      ) : (
        <ApiContext.Provider value={client}>
          <Main key={path}>
            <Page route={route} />
          </Main>
        </ApiContext.Provider>
      )}
    </>
  );
}

/** The content; after a change of page, who reads with a keyboard or a screen reader begins at its top. */
function Main({ children }: { readonly children: ComponentChildren }) {
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a page that was just loaded the first stop of the keyboard is the link that skips to the content.
    if (!isWalking()) return;
    if (document.activeElement === document.body || document.activeElement?.closest('nav') != null) {
      scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
  }, []);
  return (
    <main id="main" tabIndex={-1} ref={main}>
      {children}
    </main>
  );
}

function Page({ route }: { readonly route: Route }) {
  if (route.page === 'runs') return <RunsPage />;
  if (route.page === 'run') return <RunPage run={route.run} />;
  if (route.page === 'compare') return <ComparePage />;
  if (route.page === 'launch') return <LaunchPage />;
  if (route.page === 'workers') return <WorkersPage />;
  return (
    <>
      <h1>There is no such page</h1>
      <Notice kind="plain">
        <Link href={addresses.runs()}>All runs</Link> are a good place to go on.
      </Notice>
    </>
  );
}
