/** How many colours of lines there are: --line-1 … in styles/tokens.css. */
export const lineColours = 8;

/** A line's colour by its place, and beyond the colours its dashes, so that no two of the first sixteen look alike. */
export function lineStyle(place: number): { readonly variable: string; readonly dash: readonly number[] } {
  const round = Math.floor(place / lineColours);
  return { variable: `--line-${(place % lineColours) + 1}`, dash: round === 0 ? [] : [6, 3 + 2 * round] };
}

/** Colours of the scheme that is in force, as a canvas wants them. */
export function resolvedColours(within: HTMLElement): (variable: string) => string {
  const probe = document.createElement('span');
  probe.hidden = true;
  within.append(probe);
  const known = new Map<string, string>();
  const resolve = (variable: string): string => {
    const before = known.get(variable);
    if (before !== undefined) return before;
    probe.style.color = `var(${variable})`;
    const colour = getComputedStyle(probe).color;
    known.set(variable, colour);
    return colour;
  };
  for (let place = 0; place < lineColours; place++) resolve(lineStyle(place).variable);
  for (const variable of ['--ink-soft', '--rule', '--rule-strong']) resolve(variable);
  probe.remove();
  return (variable) => known.get(variable) ?? '';
}
