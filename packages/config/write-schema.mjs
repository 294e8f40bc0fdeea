// Writes run-file.schema.json, which editors read, from the built schema.
import { writeFileSync } from 'node:fs';
import { runFileJsonSchema } from '@tributary/config';

writeFileSync(new URL('run-file.schema.json', import.meta.url), `${JSON.stringify(runFileJsonSchema(), null, 2)}\n`);
