import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { seriousFindings } from './axe.ts'
import { NO_BROWSER, openBrowser, openPage, settled, type Watch } from './browser.ts'
import { startGateway } from './gateway.ts'

/** One gateway, one newcomer, from the printed link onwards. The tests build on each other. */
describe.skipIf(NO_BROWSER !== null)(
  `a newcomer with a real gateway${NO_BROWSER ? `: skipped, ${NO_BROWSER}` : ''}`,
  () => {
    let gateway: Awaited<ReturnType<typeof startGateway>>
    let browser: Browser
    let page: Page
    let watch: Watch
    beforeAll(async () => {
      ;[gateway, browser] = await Promise.all([startGateway(), openBrowser()])
      ;({ page, watch } = await openPage(browser, gateway.url))
      page.setDefaultTimeout(20_000)
    }, 60_000)
    afterAll(async () => {
      await browser?.close()
      await gateway?.stop()
    })

    test('the printed link makes the owner, and works once', async () => {
      await page.goto(gateway.ownerLink)
      await page.getByLabel('E-mail').fill('ada@harbour.example')
      await page.getByLabel('Your name').fill('Ada Reeve')
      await page.getByLabel('Password', { exact: false }).first().fill('tides lanterns quay')
      await page.getByRole('button', { name: 'Create my account and start' }).click()
      await page.getByRole('heading', { name: 'Welcome aboard' }).waitFor()
      const second = await openPage(browser, gateway.url)
      await second.page.goto(gateway.ownerLink)
      await second.page.getByText('This link cannot be used').waitFor()
      await second.close()
    }, 60_000)

    test('the own call appears on the welcome page while one looks', async () => {
      await page.getByRole('button', { name: 'Make a key for me' }).click()
      const secret = await page.getByRole('region', { name: 'the key that you make here' }).innerText()
      expect(secret).toMatch(/^prk_live_/)
      await page.getByText('Waiting for your call').waitFor()
      const line = await page.getByRole('region', { name: 'Your first call: curl' }).innerText()
      expect(line).toContain(secret)
      const pasted = Bun.spawn(['bash', '-c', line], { stdout: 'pipe', stderr: 'ignore' })
      expect(await new Response(pasted.stdout).text()).toContain('data: ')
      await page.getByText('There it is: your call went through the gateway.').waitFor()
      await page.getByRole('link', { name: 'Look at it' }).click()
      await page.getByRole('dialog').getByText('Timeline').waitFor()
      expect(await seriousFindings(page)).toEqual([])
    }, 60_000)

    test('calls arrive live, are filtered by the address, and leave as CSV', async () => {
      await page.goto('/console/calls')
      await page.getByText('Following live').waitFor()
      const before = await page.locator('tbody tr').count()
      const call = (body: object) =>
        fetch(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      await (await call({ model: 'demo/parley', messages: [{ role: 'user', content: 'Ahoy' }] })).text()
      await (await call({ model: 'demo/nothing-of-that-name', messages: [{ role: 'user', content: 'Ahoy' }] })).text()
      await page.waitForFunction((count) => document.querySelectorAll('tbody tr').length >= count + 2, before)
      await page.goto('/console/calls?outcome=error')
      await settled(page)
      await page.locator('tbody tr').first().click()
      await page.getByRole('dialog').getByText('Why it failed').waitFor()
      await page.keyboard.press('Escape')
      const csv = await page.evaluate(async () => (await fetch('/api/v1/calls.csv')).text())
      expect(csv.split('\n').length).toBeGreaterThan(3)
    }, 60_000)

    test('the playground compares two answers and links their records', async () => {
      await page.goto('/console/playground')
      await settled(page)
      for (const index of [0, 1]) {
        const choice = page.getByRole('combobox', { name: 'Choose a model or alias' }).nth(index)
        await choice.click()
        await choice.fill('parley')
        await page.getByRole('option', { name: 'demo/parley' }).last().click()
      }
      await page.getByLabel('Your message').fill('Which way is the sea?')
      await page.keyboard.press('Control+Enter')
      await page.waitForFunction(() => document.querySelectorAll('.answer-facts a').length === 2)
      expect(await page.locator('.markdown').first().innerText()).not.toBe('')
      await page.getByRole('button', { name: 'As code' }).first().click()
      await page.getByRole('tab', { name: 'Python' }).click()
      expect(await page.getByRole('region', { name: 'The request as code' }).innerText()).toContain(
        'from openai import OpenAI',
      )
      await page.keyboard.press('Escape')
    }, 60_000)

    test('a provider is found by search, refused in words, saved, and its key never shown again', async () => {
      await page.goto('/console/providers?new=1')
      await page.getByRole('textbox', { name: 'Find a vendor' }).fill('groq')
      await page.getByRole('button', { name: /^Groq/ }).first().click()
      await page.getByRole('textbox', { name: /API key/ }).fill('gsk_this_is_not_a_real_key_123456')
      await page.getByRole('textbox', { name: /Base URL/ }).fill('http://127.0.0.1:9/v1')
      await page.getByRole('button', { name: 'Test without saving' }).click()
      await page.getByText('It does not work').waitFor()
      await page.getByRole('button', { name: 'Save and use' }).click()
      await page.getByRole('link', { name: 'groq', exact: true }).waitFor()
      const seen = await page.evaluate(async () => (await fetch('/api/v1/providers?limit=200')).text())
      expect(seen).not.toContain('gsk_this_is_not')
    }, 60_000)

    test('an alias is drawn, made, used, deleted and brought back', async () => {
      await page.goto('/console/aliases?new=1')
      const form = page.getByRole('dialog')
      await form.getByRole('textbox', { name: 'Name' }).fill('fast')
      await form.getByRole('combobox', { name: 'Target 1' }).or(form.getByLabel('Target 1')).first().fill('demo/parley')
      await form.locator('.route-lanes').getByText('parley').waitFor()
      await form.getByRole('button', { name: 'Create an alias' }).click()
      await page.getByRole('link', { name: 'fast', exact: true }).click()
      await page.getByRole('heading', { name: 'Where its calls go' }).waitFor()
      const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Ahoy' }] }),
      })
      expect(answer.status).toBe(200)
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('button', { name: 'Undo' }).click()
      await page.getByRole('link', { name: 'fast', exact: true }).waitFor()
    }, 60_000)

    test('a key is made, changed, rotated and revoked by its typed name', async () => {
      await page.goto('/console/keys?new=1')
      await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('night-watch')
      await page.getByRole('button', { name: 'Create a key' }).last().click()
      await page.getByText('Copy it now').waitFor()
      await page.getByRole('button', { name: 'I have copied it' }).click()
      await page.getByRole('link', { name: 'night-watch' }).click()
      await page.getByRole('button', { name: 'Change what it may do' }).click()
      await page.getByLabel('Team').fill('harbour')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('harbour').first().waitFor()
      await page.getByRole('button', { name: 'Rotate' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
      await page.getByText('Copy it now').waitFor()
      await page.getByRole('button', { name: 'I have copied it' }).click()
      await page.getByRole('button', { name: 'Revoke' }).click()
      await page.getByLabel('Type night-watch to confirm').fill('night-watch')
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
      await page.getByText('revoked').first().waitFor()
    }, 60_000)

    test('a budget and a limit are set and show what is used', async () => {
      await page.goto('/console/limits?new=budget')
      const form = page.getByRole('dialog')
      await form.getByRole('textbox', { name: 'Name' }).fill('month')
      await form.getByRole('textbox', { name: 'Amount' }).fill('250')
      await form.getByRole('button', { name: 'Save' }).click()
      await page.getByText('$250.00').first().waitFor()
      await page.goto('/console/limits?new=limit')
      await form.getByRole('textbox', { name: 'Name' }).fill('each-key')
      await form.getByRole('textbox', { name: 'Requests a minute' }).fill('600')
      await form.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Requests a minute: 600').waitFor()
    }, 60_000)

    test('a price of one’s own is set and taken back', async () => {
      await page.goto('/console/models?search=parley&edit=demo%2Fparley')
      await page.getByRole('dialog').getByLabel('Input', { exact: true }).fill('2.50')
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await page.getByText('set here').first().waitFor()
      await page.getByRole('button', { name: 'Set the price: demo/parley', exact: true }).click()
      await page.getByRole('button', { name: 'Back to the catalogue' }).click()
      await page.getByText('set here').first().waitFor({ state: 'detached' })
    }, 60_000)

    test('the copied execution role is seen to fail, linted, and derived anew', async () => {
      await page.goto('/console/roles')
      await page.getByRole('button', { name: 'A widely copied policy' }).click()
      await page.getByText('it stops at “Secrets”').waitFor()
      await page.getByRole('tab', { name: /Findings \(\d+\)/ }).click()
      await page.getByText('ecr:PutImage').first().waitFor()
      await page.getByRole('tab', { name: 'The least role' }).click()
      await page.getByRole('tab', { name: 'Terraform' }).click()
      await page.getByRole('region', { name: 'execution-role.tf' }).getByText('aws_iam_role').first().waitFor()
      await page.goto('/console/roles?tab=template')
      await page.getByRole('button', { name: 'Put an example' }).click()
      await page.getByText('it stops at “Secrets”').waitFor()
      await page.goto('/console/roles?tab=explain')
      await page.getByRole('button', { name: 'Secrets Manager, access denied' }).click()
      await page.getByText('secretsmanager:GetSecretValue').first().waitFor()
    }, 60_000)

    test('a person is invited, and every deed is in the audit log', async () => {
      await page.goto('/console/settings?tab=people')
      await page.getByRole('button', { name: 'Invite a person' }).click()
      const form = page.getByRole('dialog')
      await form.getByLabel('E-mail').fill('bo@harbour.example')
      await form.getByLabel('Name', { exact: false }).last().fill('Bo Chandler')
      await form.getByRole('button', { name: 'Invite a person' }).click()
      const link = await page.getByRole('region', { name: 'One-time link for Bo Chandler' }).innerText()
      const guest = await openPage(browser, gateway.url)
      await guest.page.goto(link)
      await guest.page.getByLabel('Your name').fill('Bo')
      await guest.page.getByLabel('Password', { exact: false }).first().fill('anchors away at noon')
      await guest.page.getByRole('button', { name: 'Set the password and sign in' }).click()
      await guest.page.goto('/console/keys')
      await settled(guest.page)
      expect(await guest.page.getByRole('button', { name: 'Create a key' }).count()).toBe(0)
      await guest.close()
      await page.goto('/console/settings?tab=audit')
      await page.getByText('keys:Revoke').first().waitFor()
      await page.getByText('users:Create').first().waitFor()
    }, 60_000)

    test('signing out ends the session here; a wrong password is told', async () => {
      await page.goto('/console/')
      await page.getByRole('button', { name: 'Account' }).click()
      await page.getByRole('menuitem', { name: 'Sign out' }).click()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      await page.getByLabel('E-mail').fill('ada@harbour.example')
      await page.getByRole('textbox', { name: 'Password' }).fill('not the password')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText('E-mail or password is wrong.').waitFor()
      await page.getByRole('textbox', { name: 'Password' }).fill('tides lanterns quay')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      await page.getByText('Calls over time').first().waitFor()
      expect(watch.faults).toEqual([])
    }, 60_000)
  },
)
