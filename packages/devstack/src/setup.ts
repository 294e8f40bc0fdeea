#!/usr/bin/env node
/** `node packages/devstack/dist/setup.js tensorflow`: the steps that `make` runs before `tributary` exists. */
import { installTensorflow } from './tensorflow/install-tensorflow.js';

const report = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const what = process.argv[2];
if (what === 'tensorflow') {
  const result = await installTensorflow({ report });
  if (result.ok) report(`TensorFlow: ${result.state} (${result.variant}, ${result.folder})`);
  else report(`TensorFlow cannot be used; training falls back to a slower backend. ${result.reason}`);
} else {
  process.stderr.write('usage: setup.js tensorflow\n');
  process.exitCode = 2;
}
