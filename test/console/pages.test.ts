import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser } from 'playwright-core'
import { seriousFindings } from './axe.ts'
import { NO_BROWSER, openBrowser, openPage, settled } from './browser.ts'
import { startFake } from './fake/server.ts'
import { PAGES } from './paths.ts'

describe.skipIf(NO_BROWSER !== null)(`every page${NO_BROWSER ? `: skipped, ${NO_BROWSER}` : ''}`, () => {
  let browser: Browser
  let fake: ReturnType<typeof startFake>
  beforeAll(async () => {
    browser = await openBrowser()
    fake = startFake()
  })
  afterAll(async () => {
    await browser?.close()
    await fake?.stop()
  })

  test.each([
    ['light', 'en', 1440],
    ['dark', 'zh-CN', 1440],
    ['dark', 'en', 390],
  ])(
    '%s, %s, %d wide: nothing serious for axe, no error, no other host, nothing beside the page',
    async (scheme, language, width) => {
      const { page, watch, close } = await openPage(browser, fake.url, {
        scheme,
        language,
        viewport: { width, height: 900 },
      })
      const found: Record<string, string[]> = {}
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(path)
        await settled(page)
        const findings = await seriousFindings(page)
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        if (over > 0) findings.push(`scrolls sideways by ${over} px`)
        if (language === 'zh-CN') {
          const title = await page.locator('h1').first().innerText()
          if (!/[一-鿿]/.test(title) && !/^(fast|anthropic|checkout-service)$/.test(title))
            findings.push(`title is not Chinese: ${title}`)
        }
        if (findings.length) found[name] = findings
      }
      expect(found).toEqual({})
      expect(watch.faults).toEqual([])
      await close()
    },
    120_000,
  )

  test('each page says when there is nothing, when it may not be seen, and when it fails', async () => {
    const states = [
      [{ empty: true }, /Nothing|No |yet|first/],
      [
        { fail: new Set(['listCalls:denied', 'listKeys:denied', 'listUsers:denied']), role: 'viewer' as const },
        /may not see this/,
      ],
      [
        { fail: new Set(['listCalls', 'listKeys', 'listModels', 'listAliases', 'listProviders', 'getOverview']) },
        /not ready/,
      ],
    ] as const
    for (const [options, words] of states) {
      const other = startFake(options)
      const { page, close } = await openPage(browser, other.url)
      for (const path of [
        '/console/calls',
        '/console/keys',
        ...('empty' in options ? ['/console/', '/console/aliases', '/console/limits'] : []),
      ]) {
        await page.goto(path)
        await page.getByText(words).first().waitFor({ timeout: 10_000 })
      }
      await close()
      await other.stop()
    }
  }, 60_000)

  test('what people and models write is text, wherever it is shown', async () => {
    const other = startFake({ xss: true })
    const { page, watch, close } = await openPage(browser, other.url)
    for (const path of [PAGES.calls, PAGES.call, PAGES.keys, PAGES.welcome]) {
      await page.goto(path)
      await settled(page)
    }
    await page.goto(PAGES.playground)
    await page.getByLabel('Your message').fill('hello')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('total').first().waitFor()
    const links = await page
      .locator('.markdown a')
      .evaluateAll((all) => all.map((each) => (each as HTMLAnchorElement).protocol))
    expect(links.filter((protocol) => !/^(https?|mailto):$/.test(protocol))).toEqual([])
    expect(await page.locator('.markdown :is(script,img,svg,iframe,math,details)').count()).toBe(0)
    expect(watch.faults).toEqual([])
    await close()
    await other.stop()
  }, 60_000)

  test('a change that somebody else overtook is told and not lost', async () => {
    const other = startFake({ fail: new Set(['updateKey:changed']) })
    const { page, close } = await openPage(browser, other.url)
    await page.goto(PAGES.key)
    await page.getByRole('button', { name: 'Change what it may do' }).click()
    await page.getByLabel('Team').fill('harbour')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Somebody else changed this meanwhile').waitFor()
    expect(await page.getByLabel('Team').inputValue()).toBe('harbour')
    await page.getByRole('button', { name: 'Load the present version' }).waitFor()
    await close()
    await other.stop()
  }, 30_000)

  test('colour scheme follows the choice before the first paint, and the system when told so', async () => {
    for (const [scheme, system, expected] of [
      ['dark', 'light', 'dark'],
      ['light', 'dark', 'light'],
      ['auto', 'dark', 'dark'],
    ] as const) {
      const { page, close } = await openPage(browser, fake.url, { scheme, colorScheme: system })
      await page.goto('/console/', { waitUntil: 'commit' })
      await page.waitForFunction(() => document.body !== null)
      expect(await page.evaluate(() => document.documentElement.dataset['mantineColorScheme'])).toBe(expected)
      await close()
    }
  }, 30_000)
})
