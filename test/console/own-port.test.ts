import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { NO_BROWSER, openBrowser, openPage, settled, type Watch } from './browser.ts'
import { startGateway } from './gateway.ts'

/** The console on a port of its own: its page may speak to that port alone, and calls still reach the gateway. */
describe.skipIf(NO_BROWSER !== null)(`a console on its own port${NO_BROWSER ? `: skipped, ${NO_BROWSER}` : ''}`, () => {
  let gateway: Awaited<ReturnType<typeof startGateway>>
  let browser: Browser
  let page: Page
  let watch: Watch
  beforeAll(async () => {
    ;[gateway, browser] = await Promise.all([startGateway('--admin-port', '0'), openBrowser()])
    ;({ page, watch } = await openPage(browser, new URL(gateway.ownerLink).origin))
    page.setDefaultTimeout(20_000)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await gateway?.stop()
  })

  test('the first call goes through the gateway, and the line to paste names the gateway', async () => {
    expect(new URL(gateway.ownerLink).origin).not.toBe(gateway.url)
    await page.goto(gateway.ownerLink)
    await page.getByLabel('E-mail').fill('ada@harbour.example')
    await page.getByLabel('Your name').fill('Ada Reeve')
    await page.getByLabel('Password', { exact: false }).first().fill('tides lanterns quay')
    await page.getByRole('button', { name: 'Create my account and start' }).click()
    await page.getByRole('button', { name: 'Make a key for me' }).click()
    const line = await page.getByRole('region', { name: 'Your first call: curl' }).innerText()
    expect(line).toContain(`${gateway.url}/v1/chat/completions`)
    await page.getByRole('button', { name: 'Send it from here' }).click()
    await page.getByText('There it is: your call went through the gateway.').waitFor()
  }, 60_000)

  test('the playground streams and links the record, and the page asked nobody else', async () => {
    await page.goto('/console/playground?model=demo/parley')
    await settled(page)
    await page.getByLabel('Your message').fill('Which way is the sea?')
    await page.keyboard.press('Control+Enter')
    await page.waitForFunction(() => document.querySelectorAll('.answer-facts a').length === 1)
    expect(await page.locator('.markdown').first().innerText()).not.toBe('')
    const record = await page.locator('.answer-facts a').first().getAttribute('href')
    expect(record).toContain('call_')
    expect(watch.faults).toEqual([])
  }, 60_000)

  test('a call without a session goes nowhere, a refusal passes as it is, and leaving ends the call', async () => {
    const send = (headers: Record<string, string>, stream = false, signal: AbortSignal | null = null) =>
      fetch(`${new URL(gateway.ownerLink).origin}/api/v1/playground/chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': gateway.key, ...headers },
        body: JSON.stringify({ model: 'demo/parley', stream, messages: [{ role: 'user', content: 'Ahoy' }] }),
        signal,
      })
    expect((await send({})).status).toBe(401)
    const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
    expect((await send({ cookie: cookies })).status).toBe(403)
    const csrf = await page.evaluate(async () => {
      const session = (await (await fetch('/api/v1/session')).json()) as { csrf_token: string }
      return session.csrf_token
    })
    const refused = await send({ cookie: cookies, 'x-csrf-token': csrf, 'x-api-key': 'prk_live_unknown' })
    expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([
      401,
      'invalid_api_key',
    ])
    const answer = await send({ cookie: cookies, 'x-csrf-token': csrf })
    expect([answer.status, answer.headers.get('x-request-id')?.startsWith('call_')]).toEqual([200, true])
    const leave = new AbortController()
    const stream = await send({ cookie: cookies, 'x-csrf-token': csrf }, true, leave.signal)
    await stream.body?.getReader().read()
    leave.abort()
    await page.waitForFunction(
      async (id) => (await (await fetch(`/api/v1/calls/${id}`)).text()).includes('"error_code":"client_closed"'),
      stream.headers.get('x-request-id'),
    )
  }, 60_000)
})
