import { longestNote, tagKeyPattern, tagKeyRule, tagsOfRunSchema } from '@tributary/config';
import type {
  ArchiveReplyDocument,
  DeletionReplyDocument,
  HistoryDocument,
  ImportReplyDocument,
  NoteDocument,
  TagsDocument,
} from '@tributary/protocol';
import { z } from 'zod';
import { count, list } from './document-schemas.js';

const recorded = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);

export const historySchema = z.object({
  run: z.string(),
  metric: z.string(),
  kind: z.enum(['point', 'timing']),
  count: count.describe('Of all that is recorded.'),
  firstStep: count.nullable(),
  lastStep: count.nullable(),
  first: recorded.nullable(),
  last: recorded.nullable(),
  min: recorded.nullable(),
  max: recorded.nullable(),
  better: z.enum(['min', 'max']),
  points: list(z.object({ step: count, value: recorded })),
}) satisfies z.ZodType<HistoryDocument>;

const tagKey = z.string().regex(tagKeyPattern, `a tag's key is ${tagKeyRule}`);

export const tagChangesSchema = z
  .strictObject({
    set: tagsOfRunSchema.default({}).describe('Key → value; other tags stay.'),
    remove: z.array(tagKey).max(1000).default([]).describe('Keys to take away; unknown ones are passed over.'),
  })
  .describe('Changes to the tags of a run.');

export const tagsSchema = z.object({
  run: z.string(),
  tags: z.record(z.string(), z.string()),
}) satisfies z.ZodType<TagsDocument>;

export const noteChangeSchema = z.strictObject({
  note: z.string().max(longestNote).nullable().describe('Null takes it away.'),
});

export const noteSchema = z.object({ run: z.string(), note: z.string().nullable() }) satisfies z.ZodType<NoteDocument>;

/** Runs that one request changes at most. */
const mostRuns = 1_000;

export const runIdsSchema = z.strictObject({
  runs: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(mostRuns)
    .describe('All of them change or, where one cannot, none.'),
});

export const archiveReplySchema = z.object({ changed: list(z.string()) }) satisfies z.ZodType<ArchiveReplyDocument>;

export const deletionReplySchema = z.object({
  deleted: list(z.string()),
  purging: count.describe('Deleted runs whose data still goes.'),
}) satisfies z.ZodType<DeletionReplyDocument>;

export const importReplySchema = z.object({
  imported: list(z.string()),
  skipped: list(z.string()),
}) satisfies z.ZodType<ImportReplyDocument>;
