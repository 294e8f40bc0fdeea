import { type Db, listCheckpoints, requireRun } from '@tributary/run-store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDeps } from '../api-deps.js';
import { mlflowErrorSchema, optionalText } from './mlflow-documents.js';
import { namedRun, runIdFields } from './named-run.js';

const fileSchema = z.object({ path: z.string(), is_dir: z.boolean(), file_size: z.number().int().optional() });
type MlflowFile = z.infer<typeof fileSchema>;

/** A run's checkpoints as the folders and files that MLflow calls artifacts. They are listed, not sent. */
export function artifactRoutes({ db }: Pick<ApiDeps, 'db'>): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/mlflow/artifacts/list',
      schema: {
        summary: "MLflow: a run's checkpoints as artifacts",
        querystring: z.object({ ...runIdFields, path: optionalText, page_token: optionalText }),
        response: {
          200: z.object({ root_uri: z.string(), files: z.array(fileSchema) }),
          default: mlflowErrorSchema,
        },
      },
      handler: async ({ query }) => {
        const { run, experiment } = await requireRun(db, namedRun(query));
        const root_uri = `mlflow-artifacts:/${experiment}/${run}/artifacts`;
        return { root_uri, files: await filesIn(db, run, query.path ?? '') };
      },
    });
    app.route({
      method: 'POST',
      url: '/mlflow/logged-models/search',
      schema: {
        summary: 'MLflow: logged models, of which there are none; its client asks before it lists artifacts',
        response: { 200: z.object({ models: z.array(z.never()) }), default: mlflowErrorSchema },
      },
      handler: async () => ({ models: [] }),
    });
    app.route({
      method: 'GET',
      url: '/mlflow-artifacts/artifacts',
      schema: {
        summary: 'MLflow: the same by the path of an artifact_uri; paths are relative to what was asked for',
        querystring: z.object({ path: optionalText }),
        response: { 200: z.object({ files: z.array(fileSchema) }), default: mlflowErrorSchema },
      },
      handler: async ({ query: { path = '' } }) => {
        const [, run, inside = ''] = /^\/?[^/]+\/([^/]+)\/artifacts\/?(.*)$/.exec(path) ?? [];
        if (run === undefined) return { files: [] };
        await requireRun(db, run);
        const files = await filesIn(db, run, inside);
        return { files: files.map((file) => ({ ...file, path: file.path.slice(file.path.lastIndexOf('/') + 1) })) };
      },
    });
  };
}

/** `checkpoints/step-000000050/shared.safetensors`: each level lists the next. */
async function filesIn(db: Db, run: string, path: string): Promise<MlflowFile[]> {
  const [top, folder, ...deeper] = path.split('/').filter((name) => name !== '');
  if (deeper.length > 0 || (top !== undefined && top !== 'checkpoints')) return [];
  const checkpoints = await listCheckpoints(db, run);
  if (checkpoints.length === 0) return [];
  if (top === undefined) return [{ path: 'checkpoints', is_dir: true }];
  const nameOf = (step: number) => `step-${String(step).padStart(9, '0')}`;
  if (folder === undefined)
    return checkpoints.toReversed().map(({ step }) => ({ path: `checkpoints/${nameOf(step)}`, is_dir: true }));
  const found = checkpoints.find(({ step }) => nameOf(step) === folder);
  return (found?.manifest.parts ?? []).map(({ part, sizeBytes }) => ({
    path: `checkpoints/${folder}/${part}.safetensors`,
    is_dir: false,
    file_size: sizeBytes,
  }));
}
