import type { Guard } from '../../contract/guard.ts'
import { signWebhook } from '../../lib/webhook.ts'

const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/** What a guard's own service says: let it pass, refuse it, or the texts to use instead, as many as were asked. */
export type WebhookVerdict = 'allow' | 'block' | readonly string[]

/** Asks the service of a guard. When it fails to answer as agreed, the guard's own rule decides. */
export async function askWebhook(
  guard: Extract<Guard, { kind: 'webhook' }>,
  side: 'input' | 'output',
  texts: readonly string[],
): Promise<WebhookVerdict> {
  const body = JSON.stringify({ guard: guard.name, side, texts })
  try {
    const signature = guard.secret
      ? signWebhook(guard.secret, `msg_${crypto.randomUUID()}`, Math.floor(Date.now() / 1_000), body)
      : {}
    const answer = await fetch(guard.url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...signature },
      redirect: 'manual',
      signal: AbortSignal.timeout(guard.timeout_ms),
    })
    const text = await readBounded(answer)
    const verdict = text === undefined ? undefined : readVerdict(JSON.parse(text), texts.length)
    if (verdict) return verdict
  } catch {
    // Late, away, no JSON, or a secret that signs nothing: decided below.
  }
  return guard.on_failure === 'open' ? 'allow' : 'block'
}

/** The whole of an answer that is one; undefined, and the connection is given up, when the service refuses or says too much. */
async function readBounded(answer: Response): Promise<string | undefined> {
  if (!answer.ok) {
    await answer.body?.cancel()
    return undefined
  }
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength
    // Leaving the loop cancels what is still to come.
    if (size > MAX_ANSWER_BYTES) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function readVerdict(value: unknown, count: number): WebhookVerdict | undefined {
  if (typeof value !== 'object' || value === null || !('action' in value)) return undefined
  if (value.action === 'allow' || value.action === 'block') return value.action
  if (value.action !== 'replace' || !('texts' in value) || !Array.isArray(value.texts)) return undefined
  const texts: unknown[] = value.texts
  return texts.length === count && texts.every((text) => typeof text === 'string') ? (texts as string[]) : undefined
}
