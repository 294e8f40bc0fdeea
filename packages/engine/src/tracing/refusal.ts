import { TributaryError } from '@tributary/protocol';
import { tf } from '../tensorflow-js.js';

const operationSuffix = '__op';

/** The operations under way, outermost first: `dropout`, `randomUniform`. */
export function operationsUnderWay(): string[] {
  const { state } = tf.engine() as unknown as { state: { scopeStack: readonly { readonly name: string }[] } };
  return state.scopeStack.flatMap(({ name }) => operationOfScope(name) ?? []);
}

/** The name of the operation that a scope of the tfjs engine stands for, if it does. */
export const operationOfScope = (scope: string | undefined): string | undefined =>
  scope?.endsWith(operationSuffix) ? scope.slice(0, -operationSuffix.length) : undefined;

const display = (operation: string): string => (operation.includes('.') ? operation : `tf.${operation}`);

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
  const within = outermost === undefined || outermost === innermost ? '' : ` (within ${display(outermost)})`;
  const what = innermost === undefined ? 'it' : `${display(innermost)}${within}`;
  return new TributaryError('TRACE_REFUSED', `${functionName} cannot be traced: ${what} ${why}; ${remedy}.`);
}
