import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const CHROMIUM = '/usr/bin/chromium'

/** Why browser tests cannot run here; null when they can. In CI a missing browser fails. */
export const NO_BROWSER: string | null =
  existsSync(CHROMIUM) || process.env['CI'] ? null : `${CHROMIUM} is not installed (apt-get install chromium)`

/** Debian's chromium, as CI has it. */
export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: FLAGS })

/** What must never happen on any page: a dialog, an error, a refusal by the content policy, a request to another host. */
export type Watch = { readonly faults: string[] }

/** Waits until a page has its heading and nothing is loading. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await page.waitForFunction(
    () => !document.querySelector('[role=status][aria-label]') && document.fonts.status === 'loaded',
  )
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions & { language?: string; scheme?: string } = {},
): Promise<{ page: Page; watch: Watch; close: () => Promise<void> }> {
  const { language = 'en', scheme = 'light', ...rest } = options
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...rest,
  })
  await context.addInitScript(
    ([language, scheme]) => {
      localStorage.setItem('portreeve-language', language ?? 'en')
      localStorage.setItem('portreeve-scheme', scheme ?? 'light')
    },
    [language, scheme],
  )
  const page = await context.newPage()
  const faults: string[] = []
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d|status of 503/.test(message.text()))
      faults.push(`console: ${message.text().slice(0, 300)}`)
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob|about):/.test(request.url()))
      faults.push(`other host: ${request.url()}`)
  })
  return { page, watch: { faults }, close: () => context.close() }
}
