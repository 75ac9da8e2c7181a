import { expect, spyOn, test } from 'bun:test'
import { openTestControl } from '../../test/control.ts'

const FROM = { address: '127.0.0.1', browser: null, requestId: 'req_1' }

test('a start hashes no password; the first sign-in does, and the time of an answer does not tell who is known', async () => {
  using hash = spyOn(Bun.password, 'hash')
  using verify = spyOn(Bun.password, 'verify')
  const { control } = await openTestControl()
  expect(hash).toHaveBeenCalledTimes(0)
  for (const email of ['ada@harbour.example', 'bo@harbour.example'])
    expect(
      await control.signIn.withPassword(email, 'a wrong one', FROM).catch((error: unknown) => error),
    ).toMatchObject({ code: 'unauthenticated' })
  expect([hash.mock.calls.length, verify.mock.calls.length]).toEqual([1, 2])
  for (const [, against] of verify.mock.calls) expect(against).toStartWith('$argon2id$')
})
