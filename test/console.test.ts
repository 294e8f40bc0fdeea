import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { ConsoleBrowser, installedChromium } from './support/console-browser.js';
import { fastFiles, fastRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';

const shots = process.env.TRIBUTARY_CONSOLE_SHOTS;
const shot = async (page: Page, name: string) => {
  if (shots !== undefined) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
};

describe('explore', () => {
  let installation: Installation;
  let browser: ConsoleBrowser;
  beforeAll(async () => {
    installation = await openInstallation(['worker-1', 'worker-2']);
    browser = await ConsoleBrowser.open(installedChromium!, installation.cliEnv.TRIBUTARY_API_URL);
  });
  afterAll(async () => {
    console.log(browser?.faults);
    await browser?.close();
    await installation?.close();
  });
  it('shows', async () => {
    const origin = installation.cliEnv.TRIBUTARY_API_URL;
    const { readFile } = await import('node:fs/promises');
    const token = await readFile(installation.cliEnv.TRIBUTARY_API_TOKEN_FILE, 'utf8');
    const page = await browser.page({ colorScheme: 'light' });
    await page.goto(`${origin}/console`);
    await shot(page, '01-sign-in');
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await shot(page, '02-wrong');
    await page.goto('about:blank');
    await page.goto(`${origin}/console#token=${token}`);
    await page.getByText('There is no run yet').waitFor();
    await shot(page, '03-empty');
    await page.getByRole('link', { name: 'Launch', exact: true }).click();
    await page.getByLabel('Run file, YAML or JSON').fill('experiment: fast\nbudget: { steps: 0 }\ntasks:\n  - name: spell\n    data: { source: wrds }\n');
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByRole('alert').waitFor();
    await shot(page, '04-problems');
    const spec = { ...fastRun, budget: { steps: 40000 }, checkpoints: { every: 100, keep: 10 }, evaluation: { every: 200, examples: 16, samples: 2 } };
    await page.getByLabel('Run file, YAML or JSON').fill(JSON.stringify(spec, null, 2));
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('This run file is sound').waitFor();
    for (const path of ['reverse.jsonl', 'double.jsonl'] as const)
      await page.getByLabel(path).setInputFiles({ name: path, mimeType: 'text/plain', buffer: Buffer.from(fastFiles[path]) });
    await shot(page, '05-sound');
    await page.getByRole('button', { name: 'Launch' }).click();
    await page.getByRole('heading', { name: /^fast-/ }).waitFor();
    await page.waitForTimeout(2000);
    await shot(page, '06-started');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.waitForTimeout(20000);
    await shot(page, '07-running');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForTimeout(500);
    await shot(page, '08-running-dark');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').waitFor();
    await page.screenshot({ path: `${shots}/09-pause.png` });
    await page.getByRole('button', { name: 'Pause the run' }).click();
    await page.getByText('paused', { exact: true }).waitFor({ timeout: 30000 }).catch((e) => console.log(String(e)));
    await page.waitForTimeout(1000);
    await shot(page, '10-paused');
    await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
    await page.waitForTimeout(1000);
    await shot(page, '11-runs');
    await page.getByRole('link', { name: 'Workers' }).click();
    await page.waitForTimeout(1000);
    await shot(page, '12-workers');
    console.log(await browser.inaccessible(page));
  }, 180000);
});
