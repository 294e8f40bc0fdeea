import type { Reporter, TestModule } from 'vitest/node';

interface Failure {
  readonly name: string;
  readonly message: string;
}

/**
 * Ends a test run with a line for each failure, so that the end of a log says what failed, and one plain line:
 * `N passed, N failed`, and what was skipped.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly { readonly message: string }[]): void {
    let passed = 0;
    let skipped = 0;
    const failures: Failure[] = errors.map(({ message }) => ({ name: 'outside of a test', message }));
    for (const module of modules) {
      const file = module.relativeModuleId;
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failures.push({ name: `${file} > ${test.fullName}`, message: messageOf(errors) });
        else skipped += 1;
      }
      // A file that could not be loaded, or whose hooks failed, fails even where none of its tests did.
      for (const suite of [module, ...module.children.allSuites()]) {
        const own = suite.errors();
        if (own.length > 0) failures.push({ name: file, message: messageOf(own) });
      }
    }
    const lines = failures.map(({ name, message }) => `failed: ${name}: ${message.split('\n', 1)[0]}\n`);
    const counts = `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
    process.stdout.write(`\n${lines.join('')}${counts}`);
  }
}

function messageOf(errors: readonly { readonly message: string }[]): string {
  return errors.map(({ message }) => message).join('; ');
}
