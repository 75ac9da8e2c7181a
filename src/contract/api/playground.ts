import { z } from 'zod'
import { route } from '../route.ts'
import { Timestamp } from '../shared.ts'

/** A key of an hour with which the playground’s calls go through the gateway like any client’s. */
export const PlaygroundKey = z.object({ secret: z.string(), expires_at: Timestamp, base_url: z.string() })

export const createPlaygroundKey = route({
  method: 'POST',
  path: '/playground/key',
  action: 'playground:Use',
  summary: 'Get a short-lived key for the playground',
  result: PlaygroundKey,
  status: 201,
})

/** Header that holds the API key of a call which the management sends on. */
export const KEY_HEADER = 'x-api-key'

export const askPlayground = route({
  method: 'POST',
  path: '/playground/chat',
  action: 'playground:Use',
  summary: 'Send one chat call through the gateway',
  about:
    'The body is a request of POST /v1/chat/completions, the API key stands in `x-api-key`. The answer is the gateway’s, as it is, streams included; `x-request-id` is the id of the call. The console calls this, so that its page needs to speak to no other address than its own.',
  body: z.looseObject({ model: z.string() }),
  largestBody: 32 * 1024 * 1024,
  produces: 'events',
})
