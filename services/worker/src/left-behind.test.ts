import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GenerationDocument } from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { expect, it } from 'vitest';
import { StandbyTrainer } from './standby-trainer.js';

const document = {
  ...{ run: 'r', attempt: 1, generation: 1, preparedKey: 'p' },
  members: [{ member: 0, worker: 'a', lanes: [0] }],
} as unknown as GenerationDocument;

it('starts no standby for what a trainer still says while its slot is closed', async () => {
  const standby = new StandbyTrainer({
    logger: createLogger({ service: 'worker', level: 'silent' }),
    env: () => process.env,
  });
  await standby.close();
  standby.ready(document, 0);
  const left = standby.take();
  await left?.kill();
  expect(left).toBeNull();
});

it('leaves no trainer whose agent ended while it loaded', async () => {
  const passwordFile = join(await mkdtemp(join(tmpdir(), 'tributary-test-')), 'password');
  await writeFile(passwordFile, 'none', { mode: 0o600 });
  const trainer = fork(fileURLToPath(new URL('../dist/trainer-main.js', import.meta.url)), [], {
    // Nobody listens there: a trainer waits for its server as long as it takes.
    env: { ...process.env, TRIBUTARY_NATS_URL: 'nats://127.0.0.1:9', TRIBUTARY_NATS_PASSWORD_FILE: passwordFile },
    serialization: 'advanced',
  });
  trainer.disconnect();
  const [code] = await once(trainer, 'exit');
  expect(code).toBe(1);
}, 30_000);
