import { useEffect } from 'preact/hooks';

/** The title of the tab; what a screen reader says first of a page. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Tributary`;
  }, [title]);
}
