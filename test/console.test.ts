import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConsoleBrowser, installedChromium, shownText } from './support/console-browser.js';
import { fastFiles, fastRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';

const title =
  installedChromium === undefined
    ? 'the console: NOT TESTED, there is no Chromium; make test sets it up where apt is'
    : 'the console, in Chromium on a live installation';

const patiently = { timeout: 90_000, interval: 100 };

/** What is used of the page's own types, which these tests do not have. */
interface TextField {
  readonly value: string;
  readonly selectionStart: number;
  readonly selectionEnd: number;
}
interface Focusable {
  readonly ownerDocument: { readonly activeElement: unknown };
}

// A busy machine takes its time between two steps.
describe.skipIf(installedChromium === undefined)(title, { timeout: 240_000 }, () => {
  let installation: Installation;
  let browser: ConsoleBrowser;
  let origin: string;
  let token: string;
  let page: Page;
  const runs: string[] = [];

  beforeAll(async () => {
    installation = await openInstallation(['worker-1', 'worker-2']);
    origin = installation.cliEnv.TRIBUTARY_API_URL;
    token = await readFile(installation.cliEnv.TRIBUTARY_API_TOKEN_FILE, 'utf8');
    if (installedChromium === undefined) throw new Error('There is no Chromium.');
    browser = await ConsoleBrowser.open(installedChromium, origin);
    page = await browser.page({ colorScheme: 'light' });
  });
  afterAll(async () => {
    await browser?.close();
    await installation?.close();
  });

  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const link = (name: string) => page.getByRole('link', { name, exact: true });
  const figure = async (name: string): Promise<string> => {
    const part = page.locator('.figures > div', { has: page.getByText(name, { exact: true }) });
    return (await shownText(part.locator('dd'))).trim();
  };
  const stepShown = async (): Promise<number> => Number((await figure('Step')).split(' ')[0]?.replaceAll(',', ''));
  const stepBeyond = async (step: number): Promise<void> => {
    await expect.poll(stepShown, patiently).toBeGreaterThan(step);
  };
  const stateBecomes = (state: string) => page.locator('.page-head .badge', { hasText: state }).waitFor();
  const confirmed = async (action: string, confirmation: string): Promise<void> => {
    await button(action).click();
    await page.getByRole('dialog').getByRole('button', { name: confirmation }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };

  it('comes as files of its own under a strict policy', async () => {
    for (const path of ['/console', '/console/', '/console/runs/any-run', '/console/compare?run=a&run=b']) {
      const response = await fetch(`${origin}${path}`);
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('<title>Tributary</title>');
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy.split('; ')).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ]);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      const again = await fetch(`${origin}${path}`, {
        headers: { 'if-none-match': response.headers.get('etag') ?? '' },
      });
      expect(again.status).toBe(304);
    }
    const missing = await fetch(`${origin}/console/assets/none.js`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    expect((await fetch(`${origin}/console/%2e%2e/main.js`)).headers.get('content-type')).not.toContain('javascript');
  });

  it('lets nobody see anything without the token, and takes it out of the address', async () => {
    await page.goto(`${origin}/console/workers`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.getByLabel('Token').fill('not-the-token');
    await page.keyboard.press('Enter');
    expect(await shownText(page.getByRole('alert'))).toContain('not the token of this stack');
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    await page.getByLabel('Token').fill(token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Workers' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/workers');
    await button('Sign out').click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();

    await page.goto('about:blank');
    await page.goto(`${origin}/console#token=${token}`);
    await page.getByText('There is no run yet').waitFor();
    expect(page.url()).toBe(`${origin}/console`);
    await page.goBack();
    expect(page.url()).not.toContain(token);
    await page.goForward();
    // A token that was right once: as after `down --purge`.
    const other = await browser.page();
    await other.goto(`${origin}/console#token=old`);
    expect(await shownText(other.getByRole('alert'))).toContain('not the token of this stack');
    await other.close();
  });

  it('shows in place what is wrong with a pasted run file, and launches it once it is right', async () => {
    await link('Launch').click();
    const field = page.getByLabel('Run file, YAML or JSON');
    await field.fill('experiment: fast\nbudget: { steps: 0 }\ntasks:\n  - name: reverse\n    data: { source: wrds }\n');
    await button('Check').click();
    const alert = page.getByRole('alert');
    expect(await shownText(alert)).toContain('2 things are wrong');
    expect(await shownText(alert)).toContain('did you mean "words"?');
    await button('Line 5').click();
    const selected = await field.evaluate((area: TextField) =>
      area.value.slice(area.selectionStart, area.selectionEnd),
    );
    expect(selected).toBe('    data: { source: wrds }');

    const spec = {
      ...fastRun,
      checkpoints: { every: 1000, keep: 2 },
      evaluation: { every: 1000 },
      budget: { steps: 50_000 },
    };
    await field.fill(JSON.stringify(spec, null, 2));
    expect(await alert.count()).toBe(0);
    await button('Check').click();
    await page.getByText('This run file is sound').waitFor();
    expect(await shownText(page.locator('.outcome'))).toContain('3 lanes, 50000 steps');
    expect(await button('Launch').isDisabled()).toBe(true);
    for (const path of ['reverse.jsonl', 'double.jsonl'] as const) {
      const file = { name: path, mimeType: 'application/jsonl', buffer: Buffer.from(fastFiles[path]) };
      await page.getByLabel(path).setInputFiles(file);
    }
    await button('Launch').click();
    await page.getByRole('heading', { name: /^fast-/ }).waitFor();
    runs.push(new URL(page.url()).pathname.split('/').at(-1) ?? '');
    expect((await installation.show(runs[0] as string)).targetSteps).toBe(50_000);
  });

  it('shows its loss, its throughput, its conflicts and its lanes as they move', async () => {
    await stateBecomes('running');
    await page.getByText('Live', { exact: true }).waitFor();
    await stepBeyond(5);
    const plot = (name: string) => page.getByRole('figure', { name });
    const newest = async (): Promise<string> =>
      (await shownText(plot('Training loss').locator('.legend .number').first())).trim();
    const first = await newest();
    expect(Number(first)).toBeGreaterThan(0);
    await expect.poll(newest, patiently).not.toBe(first);
    expect(await figure('Tokens a second')).toMatch(/^\d/);
    await plot('Throughput').getByRole('img').waitFor();
    await plot('Gradient conflicts').getByRole('img').waitFor();
    expect(await shownText(plot('Gradient conflicts').getByRole('table').last())).toMatch(/reverse \/ double/);
    // The picture says in words what it shows, and a table has the same.
    const words = await plot('Training loss').getByRole('img').getAttribute('aria-label');
    expect(words).toMatch(/^Training loss: reverse from [\d.e-]+ at step \d+ to [\d.e-]+ at step \d+; double from/);
    await plot('Training loss').getByText('As a table').click();
    expect(await plot('Training loss').getByRole('row').count()).toBeGreaterThan(3);
    const map = page.getByRole('region', { name: 'Workers' });
    await map.getByText('training, step', { exact: false }).first().waitFor();
    expect((await map.locator('.lane').allInnerTexts()).sort()).toEqual(['double', 'reverse 1/2', 'reverse 2/2']);
    expect(await map.locator('.health').allInnerTexts()).toEqual(['live', 'live']);
  });

  it('moves by the event stream, not by what is recorded', async () => {
    const other = await browser.page();
    await other.route('**/history?*', (route) => route.abort());
    await other.goto(`${origin}/console/runs/${runs[0]}#token=${token}`);
    const shown = other.getByRole('figure', { name: 'Training loss' }).locator('.legend .number').first();
    const first = await shownText(shown);
    expect(Number(first)).toBeGreaterThan(0);
    await expect.poll(() => shownText(shown), patiently).not.toBe(first);
    await other.getByText('Recorded points could not be loaded').first().waitFor();
    await other.close();
  });

  it('says that it is not live while the API is away, and goes on by itself', async () => {
    await installation.control.api.killAndRestart();
    await page.getByText('Not live: figures are stale').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await stepBeyond(await stepShown());
  });

  it('draws what was recorded before it was opened', async () => {
    await page.reload();
    const loss = page.getByRole('figure', { name: 'Training loss' }).getByRole('img');
    await expect
      .poll(
        async () => /reverse from [\d.e-]+ at step (\d+) /.exec((await loss.getAttribute('aria-label')) ?? '')?.[1],
        {
          timeout: 60_000,
        },
      )
      .toBe('1');
    await page.getByRole('combobox', { name: 'Metric' }).selectOption('learning_rate');
    await expect
      .poll(
        async () => await page.getByRole('figure', { name: 'Any metric' }).getByRole('img').getAttribute('aria-label'),
        patiently,
      )
      .toMatch(/learning_rate from 0.0100 at step 1 /);
  });

  it('pauses and resumes, and asks before each', async () => {
    await button('Pause').click();
    // An Escape before it is there would leave it open, and the page behind it dead.
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(
      await button('Pause').evaluate((element: Focusable) => element.ownerDocument.activeElement === element),
    ).toBe(true);
    expect((await installation.show(runs[0] as string)).state).toBe('running');

    await confirmed('Pause', 'Pause the run');
    await stateBecomes('paused');
    const paused = await stepShown();
    await confirmed('Resume', 'Resume the run');
    await stateBecomes('running');
    await stepBeyond(paused);
  });

  it('scales and cancels', async () => {
    await button('Scale').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Workers, 1 to 3').fill('1');
    await dialog.getByRole('button', { name: 'Scale the run' }).click();
    await page.getByText('Asked for 1 workers').waitFor();
    await expect.poll(() => page.locator('.worker-map > li').count(), patiently).toBe(1);
    await confirmed('Cancel', 'Cancel the run');
    await stateBecomes('cancelled');
    expect((await installation.show(runs[0] as string)).state).toBe('cancelled');
  });

  it('launches a run like another, and shows what came of it', async () => {
    await link('Launch like this').click();
    const field = page.getByLabel('Run file, YAML or JSON');
    await expect.poll(() => field.inputValue(), patiently).toContain('"experiment": "fast"');
    const spec = JSON.parse(await field.inputValue()) as {
      optimizer: { learningRate: number };
      budget: { steps: number };
    };
    spec.optimizer.learningRate = 0.02;
    spec.budget.steps = 12;
    await field.fill(JSON.stringify(spec));
    await button('Check').click();
    await page.getByText('uploaded before').first().waitFor();
    await button('Launch').click();
    await page.getByRole('heading', { name: /^fast-/ }).waitFor();
    runs.push(new URL(page.url()).pathname.split('/').at(-1) ?? '');
    await stateBecomes('finished');
    expect(await shownText(page.getByRole('table', { name: 'Held-out results' }))).toMatch(/reverse\s+\d/);
    const examples = page.getByRole('region', { name: 'Generated examples' }).first();
    expect(await examples.getByRole('row').count()).toBeGreaterThan(2);
    await examples.getByLabel('Source').fill('a b c');
    await button('Generate').click();
    await page.getByText('by the checkpoint of step 12').waitFor();
    expect(await shownText(page.getByRole('table', { name: 'Checkpoints, newest first' }))).toMatch(/12\s+1\s/);
  });

  it('finds runs by the filter of the command line, and shows where one is wrong', async () => {
    await link('Runs').first().click();
    const field = page.getByLabel('Filter');
    const rows = page.locator('table.runs tbody tr');
    await expect.poll(() => rows.count(), patiently).toBe(2);
    await field.fill("state = 'finished' and params.optimizer.learningRate = 0.02");
    await page.keyboard.press('Enter');
    await expect.poll(() => rows.count(), patiently).toBe(1);
    expect(await shownText(rows)).toContain(runs[1]);
    expect(await shownText(page.getByRole('table'))).toContain('0.02');
    const shared = page.url();
    expect(new URL(shared).searchParams.get('filter')).toContain('learningRate');

    await field.fill("state = 'finished' and params.x >");
    await page.keyboard.press('Enter');
    expect(await shownText(page.getByRole('alert'))).toMatch(/Column \d+ of the filter/);
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('table').count()).toBe(0);
    await field.fill("experiment = 'none'");
    await page.keyboard.press('Enter');
    await page.getByText('No run passes this filter').waitFor();
    await page.goto(shared);
    await expect.poll(() => rows.count(), patiently).toBe(1);
    await link('Clear').click();
    await expect.poll(() => rows.count(), patiently).toBe(2);
  });

  it('compares two runs', async () => {
    for (const run of runs) await page.getByLabel(`Compare ${run}`).check();
    await button('Compare 2 runs').click();
    await page.getByRole('heading', { name: 'Compare' }).waitFor();
    const fields = page.getByRole('table', { name: 'Fields that differ' });
    expect(await shownText(fields)).toMatch(/optimizer\.learningRate\s+0\.01\s+0\.02/);
    const metrics = page.getByRole('table', { name: 'Last values of metrics' });
    expect(await shownText(metrics)).toMatch(/reverse\.train\.loss\s+best:\s+[\d.e-]+\s+[\d.e-]+/);
    const words = page.getByRole('img').first();
    await expect.poll(() => words.getAttribute('aria-label'), patiently).toMatch(/fast-\w+ from .*; fast-\w+ from /);
    expect(new URL(page.url()).searchParams.getAll('run')).toEqual(runs);
  });

  it('is walked by keyboard alone', async () => {
    await page.goto(`${origin}/console/runs`);
    await page.getByRole('table').waitFor();
    const walked: string[] = [];
    for (let tabs = 0; tabs < 9; tabs++) {
      await page.keyboard.press('Tab');
      const { name, outline } = await page.evaluate<{ name: string; outline: string }>(`(() => {
        const element = document.activeElement;
        const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
        return { name, outline: getComputedStyle(element).outlineStyle };
      })()`);
      expect(outline, `the focus of ${name} is seen`).not.toBe('none');
      walked.push(name);
    }
    expect(walked).toEqual([
      'Skip to the content',
      'Tributary',
      'Runs',
      'Workers',
      'Launch',
      'Colour scheme',
      'Sign out',
      'Launch a run',
      'Filter',
    ]);
    await page.keyboard.type("state = 'cancelled'");
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('table.runs tbody tr').count(), patiently).toBe(1);
    await page.goto(`${origin}/console/runs`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.getByLabel('Colour scheme').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe('rgb(15, 21, 24)');
    await page.getByLabel('Colour scheme').selectOption('auto');
  });

  it('can be used by everyone, in light and dark, and on a narrow screen', async () => {
    const pages = [
      'runs',
      `runs/${runs[0]}`,
      `runs/${runs[1]}`,
      `compare?run=${runs[0]}&run=${runs[1]}`,
      'launch',
      'workers',
      'none',
    ];
    const shots = process.env.TRIBUTARY_CONSOLE_SHOTS;
    for (const address of pages) {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(`${origin}/console/${address}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await browser.inaccessible(page), `${address}, ${colorScheme}`).toEqual([]);
        const file = `${shots}/${address.replaceAll(/[^a-z]+/g, '-').slice(0, 24)}-${pages.indexOf(address)}-${colorScheme}.png`;
        if (shots !== undefined) await page.screenshot({ path: file, fullPage: true });
      }
      await page.setViewportSize({ width: 400, height: 800 });
      const [needed, there] = await page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
      );
      expect(needed, `${address} at 400 pixels`).toBeLessThanOrEqual(there);
      if (shots !== undefined)
        await page.screenshot({ path: `${shots}/narrow-${pages.indexOf(address)}.png`, fullPage: true });
    }
  });

  it('broke no rule of its own all along, and would have been seen to', async () => {
    expect(browser.faults).toEqual([]);
    const other = await browser.page();
    await other.goto(`${origin}/console`);
    await other.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      document.body.append(script);
      document.body.insertAdjacentHTML('beforeend', '<p style="color: red">red</p><img src="http://127.0.0.1:9/x.png">');
    `);
    const refused = ['script-src', 'style-src', 'img-src'];
    const seen = () => refused.filter((rule) => browser.faults.some((fault) => fault.includes(rule)));
    await expect.poll(seen).toEqual(refused);
    expect(await other.evaluate(`'ran' in globalThis`)).toBe(false);
    expect(await browser.inaccessible(other)).not.toEqual([]);
  });
});
