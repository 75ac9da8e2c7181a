// `npm run screenshots`: a picture of each page of the console, both colour schemes, wide and narrow, in docs/screens/. The pages are
// filled with sample data. `npm run screenshots -- calls roles` makes only those; `--out DIR` puts them elsewhere.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openBrowser, openPage, settled } from '../test/console/browser.ts'
import { startFake } from '../test/console/fake/server.ts'
import { PAGES } from '../test/console/paths.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: join(import.meta.dir, '..', 'docs', 'screens') } },
})
const VIEWS = [
  ['light', 'en', 1440, 900],
  ['dark', 'zh-CN', 1440, 900],
  ['light', 'zh-CN', 390, 844],
  ['dark', 'en', 390, 844],
] as const

mkdirSync(values.out, { recursive: true })
const fake = startFake()
const browser = await openBrowser()
let pictures = 0
const faults = new Set<string>()
for (const [scheme, language, width, height] of VIEWS) {
  const { page, watch, close } = await openPage(browser, fake.url, { scheme, language, viewport: { width, height } })
  for (const [name, path] of Object.entries(PAGES)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    await page.goto(path)
    await settled(page)
    if (name === 'playground') await askSomething()
    if (name === 'template') await page.locator('button.mantine-Button-root[data-variant=light]').first().click()
    if (name === 'explain') await page.locator('button.mantine-Button-root[data-variant=subtle]').last().click()
    await page.waitForTimeout(500)
    const size = width > 1000 ? 'wide' : 'narrow'
    await page.screenshot({ path: join(values.out, `${name}-${size}-${scheme}.jpg`), type: 'jpeg', quality: 70 })
    pictures++
  }
  async function askSomething(): Promise<void> {
    const choice = page.getByRole('combobox').nth(1)
    await choice.click()
    await page.getByRole('option', { name: 'careful' }).last().click()
    await page.locator('.composer textarea').first().fill('When is high water, and how is it computed?')
    await page.keyboard.press('Control+Enter')
    await page.waitForFunction(() => document.querySelectorAll('.answer-facts a').length === 2)
  }
  for (const fault of watch.faults) faults.add(fault)
  await close()
}
await browser.close()
await fake.stop()
for (const fault of faults) console.error(fault)
console.log(`${pictures} pictures in ${values.out}`)
process.exit(faults.size > 0 ? 1 : 0)
