import { type ErrorDocument, TributaryError, toErrorDocument } from '@tributary/protocol';
import { httpStatusOf } from '@tributary/service-runtime';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** Bytes of a request. */
export const maxBodyBytes = 1024 * 1024;

/** Every error leaves as {@link ErrorDocument} with the right status; the unforeseen are logged with their stack. */
export function replyWithError(
  error: FastifyError | TributaryError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, document } = errorReply(error);
  if (status >= 500) request.log.error({ err: error }, 'request failed');
  else request.log.info({ code: document.code, reason: document.message }, 'request refused');
  if (status === 503) reply.header('retry-after', '1');
  void reply.status(status).type('application/json').send(JSON.stringify(document));
}

function errorReply(error: FastifyError | TributaryError): { status: number; document: ErrorDocument } {
  if (error instanceof TributaryError) return { status: httpStatusOf(error.code), document: toErrorDocument(error) };
  if (error.validation !== undefined) {
    const where = error.validationContext ?? 'request';
    const what = error.validation.map((issue) => `${where}${issue.instancePath ?? ''}: ${issue.message ?? 'is wrong'}`);
    return { status: 400, document: { code: 'SPEC_INVALID', message: what.join('\n') } };
  }
  const status = error.statusCode ?? 500;
  if (status === 413)
    return {
      status,
      document: { code: 'TOO_LARGE', message: 'The request is over 1 MiB; send its sources in several.' },
    };
  if (status < 500) return { status, document: { code: 'SPEC_INVALID', message: error.message } };
  return { status: 500, document: { code: 'INTERNAL', message: 'Generation failed; see what the server printed.' } };
}
