/**
 * Queries that return nothing on a machine like those of the tests, each with the reason. Whatever else is empty, or what of these
 * returns something, is an error.
 */
export const rightlyEmpty: Readonly<Record<string, string>> = Object.fromEntries(
  ['Use/A', 'GPU memory/A', 'GPU memory/B', 'Power/A', 'Temperature/A'].map((panel) => [
    `tributary-workers/${panel}`,
    'Agents tell of GPUs where nvidia-smi finds one; the machines that test have none.',
  ]),
);
