const patterns: readonly RegExp[] = [
  // E-mail addresses, also spelt out, and providers that a half of one names.
  /\S+@\S+\.\w/,
  /\b(?:gmail|hotmail|yahoo|outlook|icloud)\b/i,
  // URLs and bare domains.
  /https?:|www\.|\b[\w-]+\.(?:com|net|org|edu|gov|info|io|me|tv|ly|gg|co)\b/i,
  // Handles.
  /(?:^|\s)@\w{2,}/,
  // Seven digits and more, whatever stands between them: telephone and account numbers.
  /\d(?:[\s().+-]*\d){6,}/,
];

/**
 * Whether a text holds an e-mail address, an internet address, a handle or a telephone number. Names and places are not looked for:
 * no list of them would be whole.
 */
export function hasPersonalData(text: string): boolean {
  return patterns.some((pattern) => pattern.test(text));
}
