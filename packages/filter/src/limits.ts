/** What is refused before it can cost anything. */
export const filterLimits = {
  /** UTF-16 code units of a filter, an order or a list of columns. */
  length: 8_192,
  /** Parentheses inside parentheses. */
  depth: 32,
  /** Comparisons in one filter. */
  terms: 100,
  /** Values in one list of IN. */
  values: 1_000,
  /** Keys of an order. */
  orderKeys: 8,
  columns: 64,
} as const;
