// What each call of the soak is. All of it follows from the call's number, so that nothing depends on how fast anybody is.

/** What the upstream does with a request, by the word in its text. */
export type Manner =
  | 'honest'
  | 'slow'
  | 'server-error'
  | 'rate-limited'
  | 'reset'
  | 'not-http'
  | 'cut'
  | 'truncated'
  | 'error-in-200'
  | 'garbage'
  | 'stall'
  /** The upstream holds its answer until the client is gone: before its head, behind it, in the middle, or never ending it. */
  | 'hold'
  | 'hold-head'
  | 'hold-middle'
  | 'flood'

/** When a client leaves: with its body half sent, a while after it asked, or at the first byte of its answer (`paused`: read no more of it). */
export type Leaving = 'half-body' | 'later' | 'at-first-byte' | 'paused'

export type Plan = {
  /** At the first provider, and at the one that stands in for it. */
  readonly first: Manner
  readonly second: Manner
  readonly stream: boolean
  readonly leaves: Leaving | undefined
}

const call = (first: Manner, stream: boolean, second: Manner = 'honest'): Plan => ({
  first,
  second,
  stream,
  leaves: undefined,
})

/** While the first provider rests its calls go to the second at once: it holds them too. Only what waits for a first byte is given one. */
const left = (first: Manner, stream: boolean, leaves: Leaving): Plan => ({
  first,
  second: leaves === 'at-first-byte' || leaves === 'paused' ? 'hold-middle' : 'hold',
  stream,
  leaves,
})

const times = (count: number, plan: Plan): Plan[] => Array.from({ length: count }, () => plan)

/** 400 calls: 40 are left by their clients, 40 meet a fault, 320 are as calls should be. */
const PLANS: readonly Plan[] = [
  ...times(4, left('hold', false, 'half-body')),
  ...times(4, left('hold', true, 'half-body')),
  ...times(4, left('hold', false, 'later')),
  ...times(4, left('hold', true, 'later')),
  ...times(4, left('server-error', true, 'later')),
  ...times(4, left('cut', true, 'later')),
  ...times(4, left('hold-head', true, 'later')),
  ...times(3, left('hold-middle', false, 'later')),
  ...times(8, left('hold-middle', true, 'at-first-byte')),
  ...times(1, left('flood', true, 'paused')),
  ...times(3, call('server-error', false)),
  ...times(3, call('server-error', true)),
  ...times(4, call('rate-limited', true)),
  ...times(3, call('reset', false)),
  ...times(3, call('reset', true)),
  ...times(2, call('not-http', true)),
  ...times(6, call('cut', true)),
  ...times(2, call('truncated', false)),
  ...times(4, call('error-in-200', true)),
  ...times(2, call('garbage', true)),
  ...times(1, call('garbage', false)),
  ...times(2, call('stall', true)),
  ...times(1, call('stall', false)),
  ...times(4, call('slow', true)),
  ...times(160, call('honest', false)),
  ...times(160, call('honest', true)),
]

/** Has no divisor in common with the number of plans: neighbours are never of one kind. */
const STEP = 149

export function planOf(index: number): Plan {
  return PLANS[(index * STEP) % PLANS.length]!
}

/** How long a client that leaves later stays: every stage of the call is met. */
export function stayMs(index: number): number {
  return (index * 7 + Math.floor(index / PLANS.length)) % 40
}

const USERS = 5_000

/** One request as it stands on the wire; `body` is where its body begins. */
export function requestOf(index: number, port: number, key: string): { bytes: Buffer; body: number } {
  const { first, second, stream } = planOf(index)
  const text = JSON.stringify({
    model: 'soaked',
    stream,
    user: `u${index % USERS}`,
    max_tokens: 100,
    messages: [{ role: 'user', content: `first=${first} second=${second} ${'x'.repeat(200)}` }],
  })
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n`
  return { bytes: Buffer.from(head + text), body: head.length }
}
