// Pictures of the pages with the fake gateway, for whoever works on them: bun test/console/look.ts [DIR] [name …]
import { mkdirSync } from 'node:fs'
import { openBrowser, openPage } from './browser.ts'
import { startFake } from './fake/server.ts'

const [out = '.cache/look', ...only] = process.argv.slice(2)
mkdirSync(out, { recursive: true })
const PAGES: Record<string, string> = {
  overview: '/console/',
  calls: '/console/calls',
  call: '/console/calls?id=req_01JD00000010',
  playground: '/console/playground?model=fast',
  models: '/console/models',
  aliases: '/console/aliases',
  alias: '/console/aliases/fast',
  aliasnew: '/console/aliases?new=1',
  providers: '/console/providers',
  provider: '/console/providers/anthropic',
  providernew: '/console/providers?new=1',
  keys: '/console/keys',
  key: '/console/keys/key_01',
  keynew: '/console/keys?new=1',
  limits: '/console/limits',
  roles: '/console/roles?example=article',
  rolesok: '/console/roles?example=works',
  explain: '/console/roles?tab=explain',
  people: '/console/settings?tab=people',
  audit: '/console/settings?tab=audit',
  configuration: '/console/settings?tab=configuration',
  welcome: '/console/welcome',
  join: '/console/join#token=abcdefghijklmnopqrstuvwxyz',
}
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
    await page.waitForTimeout(900)
    await page.screenshot({ path: `${out}/${name}-${scheme}-${width}.png`, fullPage: width !== 390 })
  }
  console.log(scheme, width, [...new Set(watch.faults)])
  await close()
}
await browser.close()
await fake.stop()
process.exit(0)
