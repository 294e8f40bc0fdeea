import type { UnitStatus } from '@tributary/devstack';

/**
 * Whether the stack does its work: everything serves, but for a Prometheus that is still being built, without which
 * training goes on.
 */
export function stackIsWell(units: readonly Pick<UnitStatus, 'name' | 'health'>[]): boolean {
  const needed = units.filter(({ name, health }) => !(name === 'prometheus' && health === 'building'));
  return needed.length > 0 && needed.every(({ health }) => health === 'serving');
}
