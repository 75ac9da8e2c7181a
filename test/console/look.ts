// Pictures of the pages with the fake gateway, for whoever works on them: bun test/console/look.ts [DIR] [name …]
import { mkdirSync } from 'node:fs'
import { openBrowser, openPage, settled } from './browser.ts'
import { startFake } from './fake/server.ts'
import { PAGES } from './paths.ts'

const [out = '.cache/look', ...only] = process.argv.slice(2)
mkdirSync(out, { recursive: true })
const fake = startFake()
const browser = await openBrowser()
for (const [scheme, language, width] of [
  ['light', 'en', 1440],
  ['dark', 'zh-CN', 1440],
  ['light', 'en', 390],
] as const) {
  const { page, watch, close } = await openPage(browser, fake.url, {
    scheme,
    language,
    viewport: { width, height: width === 390 ? 844 : 900 },
  })
  for (const [name, path] of Object.entries(PAGES)) {
    if (only.length && !only.includes(name)) continue
    await page.goto(path)
    await settled(page)
    await page.waitForTimeout(400)
    await page.screenshot({ path: `${out}/${name}-${scheme}-${width}.png`, fullPage: width !== 390 })
  }
  console.log(scheme, width, [...new Set(watch.faults)])
  await close()
}
await browser.close()
await fake.stop()
process.exit(0)
