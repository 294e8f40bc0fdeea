/** Steps done, of those to do. */
export function ProgressBar({ step, target }: { readonly step: number; readonly target: number | null }) {
  const share = target === null || target === 0 ? 0 : Math.min(1, step / target);
  return (
    <div class="progress" aria-hidden="true">
      <div class="progress-done" style={{ width: `${(share * 100).toFixed(2)}%` }} />
    </div>
  );
}
