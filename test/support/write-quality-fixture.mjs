/** Has sacrebleu and rouge-score write packages/quality/src/reference-scores.fixture.json: `make quality-fixture`. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { qualityPython } from '@tributary/devstack';

const script = fileURLToPath(new URL('../../packages/quality/src/reference-scores.fixture.py', import.meta.url));
execFileSync(await qualityPython({ report: (line) => console.log(line) }), [script], { stdio: 'inherit' });
console.log('packages/quality/src/reference-scores.fixture.json: written');
