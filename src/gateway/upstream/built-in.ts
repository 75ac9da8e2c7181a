import { AppError } from '../../errors.ts'
import { demoAnswer } from '../../llm/demo/answer.ts'
import type { ChunkSink, Exchange, ExchangeListener } from './exchange.ts'

/** Sends a call to the provider that lives inside the process, as if it were behind a socket. */
export function sendBuiltIn(method: string, path: string, body: Uint8Array, listener: ExchangeListener): Exchange {
  const controller = new AbortController()
  let sink: ChunkSink | undefined
  let gate: { promise: Promise<void>; resolve: () => void } | undefined
  const run = async () => {
    const answer = demoAnswer({ method, path, body, signal: controller.signal })
    const headers = new Headers(answer.headers)
    listener.onHead(answer.status, { get: (name) => headers.get(name) ?? undefined, toHeaders: () => headers })
    if (answer.body instanceof Uint8Array) listener.onData(answer.body)
    else {
      for await (const chunk of answer.body) {
        if (gate) await gate.promise
        if (controller.signal.aborted) return
        if (sink) sink.data(chunk)
        else listener.onData(chunk)
      }
    }
    listener.onEnd()
  }
  run().catch((error: unknown) => {
    if (controller.signal.aborted) return
    const failure = new AppError('upstream_failed', 'the built-in provider failed', {}, error)
    listener.onFailure({ error: failure, phase: 'body', mayHaveReached: true })
  })
  return {
    cancel: () => controller.abort(),
    pipe: (to) => (sink = to),
    pause: () => (gate ??= Promise.withResolvers<void>()),
    resume: () => {
      gate?.resolve()
      gate = undefined
    },
  }
}
