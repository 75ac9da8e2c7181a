import { AppError } from '../errors.ts'
import { idempotentAnswersIn } from '../store/idempotent-answer.ts'
import type { Actor } from './actor.ts'
import type { Context } from './context.ts'
import { hashSecret } from './secret.ts'

/** An answer as it is kept for a repeated request. */
export type KeptAnswer = { readonly status: number; readonly body: string }

/** Repeats the answer of a request that carries the `Idempotency-Key` of one before it, instead of acting twice. */
export type Idempotency = {
  readonly once: (actor: Actor, key: string, request: string, run: () => Promise<KeptAnswer>) => Promise<KeptAnswer>
}

export function createIdempotency({ store, sealer, clock }: Pick<Context, 'store' | 'sealer' | 'clock'>): Idempotency {
  const answers = idempotentAnswersIn(store.db)
  return {
    async once(actor, key, request, run) {
      if (key.length > 255)
        throw new AppError('invalid_request', 'Idempotency-Key is longer than 255 characters.', {
          field: 'Idempotency-Key',
        })
      const hash = hashSecret(`${actor.kind}\n${actor.id}\n${key}`)
      const requestHash = hashSecret(request)
      const before = await answers.claim(hash, requestHash, clock())
      if (before) {
        if (before.request_hash !== requestHash) {
          throw new AppError(
            'invalid_request',
            'This Idempotency-Key was used for another request: use a new one for each.',
            { field: 'Idempotency-Key' },
          )
        }
        if (before.status === null)
          throw new AppError('conflict', 'The first request with this Idempotency-Key still runs.')
        return { status: before.status, body: sealer.open(before.body ?? '', `answer ${hash}`) }
      }
      try {
        const answer = await run()
        // Sealed, because the answer may hold a secret that is shown once.
        await answers.keep(hash, {
          status: answer.status,
          headers: '{}',
          body: sealer.seal(answer.body, `answer ${hash}`),
        })
        return answer
      } catch (error) {
        await answers.release(hash)
        throw error
      }
    },
  }
}
