import { AppError } from '../errors.ts'
import { keysIn } from '../store/api-key.ts'
import type { Actor } from './actor.ts'
import type { Context } from './context.ts'
import { newRow } from './key-row.ts'
import { createSecret, hashSecret, hintOf } from './secret.ts'
import { timestamp } from './time.ts'
import { changed } from './version.ts'

const LIFE_MS = 3_600_000

/** A key of an hour, one for each person: the playground's calls are authenticated, limited and recorded like any client's. */
export async function createPlaygroundKey({ live, clock, runtime, config }: Context, actor: Actor) {
  const secret = createSecret('prk_live_')
  const name = `playground-${(actor.id ?? actor.kind).slice(-16)}`
  const expiresAt = clock() + LIFE_MS
  await live.change(actor, { action: 'playground:Use', target: name }, async (db) => {
    const row = await keysIn(db).named(name)
    if (!row) {
      const key = {
        name,
        models: ['*'],
        priority: 'normal',
        on_unsupported: 'drop',
        expires_at: timestamp(expiresAt),
      } as const
      return keysIn(db).insert(newRow({ ...key, models: ['*'] }, secret, actor.name, clock()))
    }
    const fields = {
      hash: hashSecret(secret),
      hint: hintOf(secret),
      previous_hash: row.hash,
      previous_until: clock() + 60_000,
    }
    changed(await keysIn(db).update(row.id, row.version, { ...fields, expires_at: expiresAt, updated_at: clock() }))
  })
  return { secret, expires_at: timestamp(expiresAt), base_url: `${runtime.address?.() ?? config.publicUrl ?? ''}/v1` }
}

/** What of the gateway's answer reaches the page. */
const PASSED_ON = ['content-type', 'x-request-id', 'retry-after', 'retry-after-ms', 'x-portreeve-model']

/** Sends a chat call to the gateway with the key given and passes its answer on, byte by byte as it comes. */
export async function askPlayground(
  { runtime, config }: Context,
  key: string | null,
  body: object,
  signal: AbortSignal,
): Promise<Response> {
  const address = runtime.address?.() ?? config.publicUrl
  if (!address)
    throw new AppError('not_ready', 'No gateway runs beside this management: set PUBLIC_URL to its address.')
  const sent = fetch(`${address}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      ...(key !== null && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal,
  })
  const answer = await sent.catch((error: unknown) => {
    throw new AppError('not_ready', `The gateway at ${address} does not answer: ${String(error)}.`, {}, error)
  })
  const headers = PASSED_ON.flatMap((name): [string, string][] => {
    const value = answer.headers.get(name)
    return value === null ? [] : [[name, value]]
  })
  return new Response(answer.body, { status: answer.status, headers: [...headers, ['x-accel-buffering', 'no']] })
}
