import { type ErrorDocument, TributaryError, toErrorDocument } from '@tributary/protocol';
import { isStatementTimeout, isTransientDatabaseError } from '@tributary/run-store';
import { httpStatusOf } from '@tributary/service-runtime';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** Every error leaves the API as {@link ErrorDocument} with the right status; the unforeseen are logged with their stack. */
export function replyWithError(
  error: FastifyError | TributaryError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, document } = errorReply(error);
  if (status === 500) request.log.error({ err: error }, 'request failed');
  else request.log.info({ code: document.code, reason: document.message }, 'request refused');
  void reply.status(status).type('application/json').send(JSON.stringify(document));
}

const tooSlow =
  "Postgres took too long over this question and was stopped. Ask for less: name an experiment or a state in the filter, compare with = or < in place of LIKE '%…', or ask for fewer runs or steps. TRIBUTARY_QUERY_TIMEOUT_SECONDS (30 unless it is set for npx tributary up) allows longer.";

/** SQLSTATEs of text that no value of Postgres can be; the driver's own are always UTF-8. */
const unholdableText = ['22021', '22P05'];

function isUnholdableText(error: Error): boolean {
  return unholdableText.includes((error as { readonly code?: string }).code ?? '');
}

/** The status and document of an error. */
export function errorReply(error: FastifyError | TributaryError): { status: number; document: ErrorDocument } {
  if (error instanceof TributaryError) return { status: httpStatusOf(error.code), document: toErrorDocument(error) };
  if (error.validation !== undefined) {
    const where = error.validationContext ?? 'request';
    const what = error.validation.map((issue) => `${where}${issue.instancePath ?? ''}: ${issue.message ?? 'is wrong'}`);
    return { status: 400, document: { code: 'SPEC_INVALID', message: what.join('\n') } };
  }
  if (isUnholdableText(error))
    return {
      status: 400,
      document: {
        code: 'DATA_INVALID',
        message: 'The request holds the character U+0000, which Postgres cannot keep in a text; leave it out.',
      },
    };
  if (isStatementTimeout(error)) return { status: 422, document: { code: 'QUERY_TOO_SLOW', message: tooSlow } };
  if (isTransientDatabaseError(error))
    return {
      status: 503,
      document: { code: 'SERVER_FAILED', message: 'Postgres does not answer; look at it with: npx tributary status' },
    };
  const status = error.statusCode ?? 500;
  if (status === 413)
    return {
      status,
      document: { code: 'TOO_LARGE', message: 'The request is over 1 MiB; upload data with PUT /v1/files.' },
    };
  if (status < 500) return { status, document: { code: 'SPEC_INVALID', message: error.message } };
  return { status: 500, document: { code: 'INTERNAL', message: 'The API failed; see: npx tributary logs api' } };
}
