import { z } from 'zod';

/** What a tag's key is made of. */
export const tagKeyPattern = /^[A-Za-z0-9][A-Za-z0-9_./ -]{0,249}$/;
/** The same in words. */
export const tagKeyRule = '1 to 250 letters, digits, "-", "_", ".", "/" or spaces, beginning with a letter or digit';
/** Characters of a tag's value. */
const longestTag = 500;
/** Characters of a run's note. */
export const longestNote = 10_000;

/** Tags of a run, by key. */
export const tagsOfRunSchema = z.record(z.string(), z.string().max(longestTag)).superRefine((tags, context) => {
  for (const key of Object.keys(tags))
    if (!tagKeyPattern.test(key))
      context.addIssue({ code: 'custom', path: [key], message: `is no key of a tag: it must be ${tagKeyRule}` });
});
