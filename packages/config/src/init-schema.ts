import { z } from 'zod';

const initFromSchema = z
  .strictObject({
    run: z.string().min(1).optional().describe('A run of this installation: from one of its checkpoints.'),
    step: z.int().positive().optional().describe('Step of that checkpoint; default: the newest.'),
    file: z.string().min(1).optional().describe('A safetensors file, relative to the run file.'),
  })
  .refine(({ run, file }) => (run === undefined) !== (file === undefined), {
    message: 'must name either a run or a file',
  })
  .refine(({ run, step }) => run !== undefined || step === undefined, {
    path: ['step'],
    message: 'belongs to a run; a file has no steps',
  });

/** Parameters that a run begins with in place of random ones. */
export const initSchema = z.strictObject({
  from: initFromSchema.describe('Where the values come from.'),
  map: z
    .array(
      z.strictObject({
        from: z.string().min(1).describe('Name of a tensor there; `*` stands for any characters.'),
        to: z.string().min(1).describe('Name of a parameter here; its `*` becomes what the other one stood for.'),
      }),
    )
    .max(1000)
    .default([])
    .describe('Names that differ; the first entry that matches decides. Equal names need none.'),
  strict: z.boolean().default(false).describe('Refuse to train unless every parameter gets a value.'),
});
