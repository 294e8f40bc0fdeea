import type { ModelSpec } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import type { InitialValues, ParameterSpec } from './parameters.js';
import { wildcard } from './wildcard.js';

type Rule = ModelSpec['initial'][number];

function chosen(values: Rule['values'], { shape, initial }: ParameterSpec): InitialValues {
  switch (values) {
    case 'zeros':
      return { kind: 'zeros' };
    case 'smallNormal':
      return { kind: 'normal', deviation: 0.01 };
    case 'softmax':
      return { kind: 'softmax' };
    case 'glorot':
      return initial.kind === 'glorot'
        ? initial
        : { kind: 'glorot', fanIn: shape[0] ?? 1, blockWidths: [shape.at(-1) ?? 1] };
  }
}

/** The parameters with the initial values that the first matching rule gives them. */
export function withInitial(parameters: readonly ParameterSpec[], rules: readonly Rule[]): ParameterSpec[] {
  const matchers = rules.map(({ parameters: pattern, values }) => ({ matches: wildcard(pattern), values }));
  return parameters.map((parameter) => {
    const rule = matchers.find(({ matches }) => matches(parameter.name) !== null);
    return rule ? { ...parameter, initial: chosen(rule.values, parameter) } : parameter;
  });
}

/**
 * @param parameters those of the shared state and of every task
 * @throws TributaryError `SPEC_INVALID` for a rule whose pattern no parameter matches
 */
export function checkInitial(parameters: readonly ParameterSpec[], rules: readonly Rule[]): void {
  const names = [...new Set(parameters.map(({ name }) => name))];
  rules.forEach(({ parameters: pattern }, index) => {
    const matches = wildcard(pattern);
    if (names.some((name) => matches(name) !== null)) return;
    throw new TributaryError(
      'SPEC_INVALID',
      `model.initial[${index}].parameters: no parameter is called "${pattern}"; there are ${names.join(', ')}.`,
    );
  });
}
