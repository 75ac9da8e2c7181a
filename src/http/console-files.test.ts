import { expect, test } from 'bun:test'
import { openConsole } from './console-files.ts'

const files = openConsole()
const get = (path: string, headers: Record<string, string> = {}) =>
  files.serve(new Request(`http://127.0.0.1${path}`, { headers }))

test('every path of the console is its page, with a policy of its own nonce and no inline script', async () => {
  const [one, two] = await Promise.all([get('/console/'), get('/console/keys/key_1?x=1')])
  const [page, other] = await Promise.all([one.text(), two.text()])
  expect(one.status).toBe(200)
  const nonce = /name="style-nonce" content="([^"]+)"/.exec(page)?.[1] ?? ''
  const policy = one.headers.get('content-security-policy') ?? ''
  expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`)
  expect(policy).toContain("script-src 'self';")
  expect(policy).not.toMatch(/unsafe|https?:/)
  expect(other).not.toContain(nonce)
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|__[A-Z]+__/)
  expect(one.headers.get('cache-control')).toBe('no-store')
})

test('assets are compressed, typed and kept for ever', async () => {
  const page = await (await get('/console/')).text()
  const scripts = [...page.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '')
  expect(scripts.length).toBeGreaterThanOrEqual(3)
  for (const path of scripts) {
    const answer = await get(path, { 'accept-encoding': 'gzip, br' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    const plain = await (await get(path)).text()
    expect(new TextDecoder().decode(Bun.gunzipSync(new Uint8Array(await answer.arrayBuffer())))).toBe(plain)
  }
})

test.each([
  ['/console/assets/nothing.js', 404],
  ['/console/assets/../../package.json', 200],
  ['/console/assets/%2e%2e/index.html', 200],
  ['/console/..%2f..%2fpackage.json', 404],
])('%s does not leave the folder', async (path, status) => {
  const answer = await get(path)
  expect([404, status]).toContain(answer.status)
  expect(await answer.text()).not.toContain('"dependencies"')
})

test('only reading is allowed', async () => {
  const answer = await files.serve(new Request('http://127.0.0.1/console/', { method: 'POST' }))
  expect(answer.status).toBe(405)
})
