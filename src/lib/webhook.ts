import { createHmac } from 'node:crypto'

/**
 * The headers of a signed message after Standard Webhooks (https://www.standardwebhooks.com): the signature covers id, time and body. A
 * secret `whsec_…` is base64; any other is taken as it is. An empty secret is refused: it would sign for everybody.
 */
export function signWebhook(secret: string, id: string, seconds: number, body: string): Record<string, string> {
  if (secret === '' || secret === 'whsec_') throw new TypeError('a webhook cannot be signed with an empty secret')
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` }
}
