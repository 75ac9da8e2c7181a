import { expect, test } from 'bun:test'
import { signWebhook } from './webhook.ts'

test('signs as the specification shows', () => {
  const headers = signWebhook(
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1614265330,
    '{"test": 2432232314}',
  )
  expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test.each(['', 'whsec_'])('refuses the empty secret %p', (secret) => {
  expect(() => signWebhook(secret, 'id', 1, '')).toThrow('empty secret')
})
