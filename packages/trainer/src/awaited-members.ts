/** Longer than most exchanges take: of those nobody needs to hear. */
const lookEveryMs = 200;

/**
 * Tells whom an exchange waits for, as long as it does. Nothing is told where the exchange is complete soon.
 * @returns ends it
 */
export function watchAwaited(awaited: () => readonly number[], tell: (members: readonly number[]) => void): () => void {
  const timer = setInterval(() => {
    const members = awaited();
    if (members.length > 0) tell(members);
  }, lookEveryMs);
  return () => clearInterval(timer);
}
