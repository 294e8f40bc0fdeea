const columns = [
  ['case', -36, ({ name, disturbed }) => (disturbed ? `${name} *` : name)],
  ['threads', 7, ({ threads }) => String(threads)],
  ['ms', 8, ({ ms }) => ms?.toFixed(1)],
  ['span', 15, ({ ms_span }) => ms_span?.map((ms) => ms.toFixed(1)).join('..')],
  ['tokens/s', 8, ({ tokens_per_s }) => tokens_per_s?.toFixed(0)],
  ['vs eager', 8, ({ ratio_vs_torch_eager }) => ratio_vs_torch_eager?.toFixed(2)],
  ['vs compile', 10, ({ ratio_vs_torch_compile }) => ratio_vs_torch_compile?.toFixed(2)],
  ['vs tfjs', 7, ({ ratio_vs_tfjs_eager }) => ratio_vs_tfjs_eager?.toFixed(2)],
  ['roofline', 8, ({ roofline_fraction }) => roofline_fraction?.toFixed(2)],
  ['first s', 7, ({ first_step_s }) => first_step_s?.toFixed(1)],
];

const pad = (text, width) => (width < 0 ? text.padEnd(-width) : text.padStart(width));

/** Ratios are the peer's time over Tributary's: above 1 Tributary is faster. */
export function printTable(results, report) {
  report('');
  report(columns.map(([title, width]) => pad(title, width)).join('  '));
  for (const result of results) report(columns.map(([, width, text]) => pad(text(result) ?? '-', width)).join('  '));
  if (results.some(({ disturbed }) => disturbed))
    report('* other programs took more than a tenth of the processors: not a measurement to go by');
  for (const { name, contestants, absent } of results) {
    for (const [id, { ms, lowest, highest, cpu_ms, parameters, loss, last_loss, first_step_s }] of Object.entries(
      contestants,
    ))
      report(
        `  ${name}  ${id.padEnd(24)} ${ms.toFixed(1).padStart(8)} ms (${lowest.toFixed(1)}..${highest.toFixed(1)})  ${cpu_ms.toFixed(0)} ms of processor  ${parameters} parameters  loss ${loss.toFixed(4)} -> ${last_loss.toFixed(4)}  first step ${first_step_s.toFixed(1)} s`,
      );
    for (const [id, reason] of Object.entries(absent))
      report(`  ${name}  ${id} does not run: ${reason.split('\n', 1)[0]}`);
  }
}
