import { TributaryError } from '@tributary/protocol';
import { tf } from '../tensorflow-js.js';

const operationSuffix = '__op';

/** The tfjs operations under way, outermost first: `dropout`, `randomUniform`. */
export function operationsUnderWay(): string[] {
  const { state } = tf.engine() as unknown as { state: { scopeStack: readonly { readonly name: string }[] } };
  return state.scopeStack
    .map(({ name }) => name)
    .filter((name) => name.endsWith(operationSuffix))
    .map((name) => name.slice(0, -operationSuffix.length));
}

/** The name of the operation that a scope of the tfjs engine stands for, if it does. */
export const operationOfScope = (scope: string | undefined): string | undefined =>
  scope?.endsWith(operationSuffix) ? scope.slice(0, -operationSuffix.length) : undefined;

/** An error that names the operation, says why it cannot be traced, and the remedy. */
export function refuse(
  functionName: string,
  operation: string | undefined,
  why: string,
  remedy: string,
): TributaryError {
  const names = operationsUnderWay();
  const innermost = operation ?? names.at(-1);
  const outermost = names[0];
  const where =
    innermost === undefined
      ? `${functionName} cannot be traced`
      : `${functionName} cannot be traced: tf.${innermost}${outermost === undefined || outermost === innermost ? '' : ` (within tf.${outermost})`}`;
  return new TributaryError('TRACE_REFUSED', `${where} ${why}; ${remedy}.`);
}
