import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { findChromium, type HeadlessChromium } from '@tributary/devstack';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';

/** A real browser, and what its pages did that they must not do. */
export class ConsoleBrowser {
  /** Errors in a page's console, exceptions, refusals by the content security policy, requests to other hosts. */
  readonly faults: string[] = [];
  readonly #browser: Browser;
  readonly #origin: string;
  readonly #axe: string;

  private constructor(browser: Browser, origin: string, axe: string) {
    this.#browser = browser;
    this.#origin = origin;
    this.#axe = axe;
  }

  static async open(found: HeadlessChromium, origin: string): Promise<ConsoleBrowser> {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const env = { ...process.env, ...found.env } as Record<string, string>;
    const browser = await chromium.launch({ executablePath: found.executable, env });
    return new ConsoleBrowser(browser, origin, axe);
  }

  /** A page in a context of its own: nobody is signed in there. */
  async page(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(90_000);
    this.#watch(context);
    return await context.newPage();
  }

  /** What axe-core finds on the page as it is, by rule and place. */
  async inaccessible(page: Page): Promise<string[]> {
    // Not as an element of the page, which its policy would refuse.
    await page.evaluate(this.#axe);
    const { violations } = await page.evaluate(
      async () => await (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run(),
    );
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
    );
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  #watch(context: BrowserContext): void {
    context.on('weberror', (error) => this.faults.push(`exception: ${error.error().stack ?? error.error().message}`));
    context.on('console', (message) => {
      // The browser's own word on an answer of 400 and above; whether the page minds it, the tests see.
      if (message.type() === 'error' && !/^Failed to load resource/.test(message.text()))
        this.faults.push(`console: ${message.text()}`);
    });
    context.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(`${this.#origin}/`) && !/^(data|blob):/.test(url)) this.faults.push(`request: ${url}`);
    });
  }
}

export const installedChromium = findChromium();

/** A text as it is laid out: cells apart, what is hidden left out. */
export async function shownText(part: Locator): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: textContent would run cells together
  return await part.innerText();
}
