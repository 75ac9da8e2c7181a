import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { NO_BROWSER, openBrowser, openPage, settled } from './browser.ts'
import { startFake } from './fake/server.ts'

/** Ten tasks without a pointer: what is pressed, and what must then be true. */
const TASKS: readonly (readonly [task: string, from: string, run: (page: Page) => Promise<void>])[] = [
  [
    'skip the navigation',
    '/console/',
    async (page) => {
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('content')
    },
  ],
  [
    'go to the calls by g c',
    '/console/',
    async (page) => {
      await page.keyboard.press('g')
      await page.keyboard.press('c')
      await page.waitForURL('**/console/calls*')
    },
  ],
  [
    'find a room with Ctrl-K',
    '/console/',
    async (page) => {
      await page.keyboard.press('Control+k')
      await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Search or jump to …')
      await page.keyboard.type('limits')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/console/limits*')
    },
  ],
  [
    'find a key by its name with Ctrl-K',
    '/console/',
    async (page) => {
      await page.keyboard.press('Control+k')
      await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Search or jump to …')
      await page.keyboard.type('support-b')
      await page.locator('[data-action]', { hasText: 'support-bot' }).waitFor()
      await page.keyboard.press('Enter')
      await page.waitForURL('**/console/keys/key_02')
    },
  ],
  [
    'search within the models',
    '/console/models',
    async (page) => {
      await page.keyboard.press('/')
      await page.keyboard.type('gemini')
      await page.waitForURL('**search=gemini*')
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1)
    },
  ],
  [
    'walk the calls and open one',
    '/console/calls',
    async (page) => {
      await page.locator('tbody tr').first().focus()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').getByText('Timeline').waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    },
  ],
  [
    'create a key',
    '/console/keys?new=1',
    async (page) => {
      await page.getByRole('dialog').waitFor()
      await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT')
      await page.keyboard.type('night-watch')
      await page.keyboard.press('Enter')
      await page.getByText('Copy it now').waitFor()
    },
  ],
  [
    'switch to Chinese',
    '/console/',
    async (page) => {
      await page.getByRole('button', { name: 'Language' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('menuitem', { name: '简体中文' }).waitFor()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: '概览' }).waitFor()
      expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN')
    },
  ],
  [
    'read a chart point by point',
    '/console/',
    async (page) => {
      await page.getByRole('img', { name: 'Calls over time' }).focus()
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowRight')
      await page.locator('.chart-tip').waitFor()
      expect(await page.getByRole('img', { name: /Calls over time.*ok/ }).count()).toBe(1)
    },
  ],
  [
    'see why a launch fails',
    '/console/roles?example=secret',
    async (page) => {
      await page.getByText('it stops at').waitFor()
      const gate = page.locator('.gate-button', { hasText: 'Secrets' })
      await gate.focus()
      await page.keyboard.press('Enter')
      await page.getByText('kms:Decrypt').first().waitFor()
    },
  ],
  [
    'ask for help',
    '/console/',
    async (page) => {
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    },
  ],
]

describe.skipIf(NO_BROWSER !== null)(`keyboard only${NO_BROWSER ? `: skipped, ${NO_BROWSER}` : ''}`, () => {
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
  test.each(TASKS)(
    '%s',
    async (_task, from, run) => {
      const { page, watch, close } = await openPage(browser, fake.url)
      page.setDefaultTimeout(20_000)
      await page.goto(from)
      await settled(page)
      await run(page)
      expect(watch.faults).toEqual([])
      await close()
    },
    30_000,
  )
})
