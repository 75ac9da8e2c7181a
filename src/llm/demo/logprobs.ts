import type { ChatRequest } from './request.ts'
import { hashOf } from './tokens.ts'

type Token = { readonly token: string; readonly logprob: number; readonly bytes: readonly number[] }
export type TokenLogprob = Token & { readonly top_logprobs: readonly Token[] }

const ALTERNATIVES = ' the a of and to in is it that was for on as with his at by from had this'.split(/(?= )/)

const tokenOf = (token: string, logprob: number): Token => ({
  token,
  logprob,
  bytes: [...new TextEncoder().encode(token)],
})

/** How sure the demo says that it was of a piece: made up, and the same for the same piece. Undefined where nobody asked. */
export function logprobsOf({ logprobs, top_logprobs }: ChatRequest): ((piece: string) => TokenLogprob) | undefined {
  if (logprobs !== true) return undefined
  const count = typeof top_logprobs === 'number' ? top_logprobs : 0
  return (piece) => {
    const said = tokenOf(piece, -(hashOf(piece) % 400) / 1_000)
    const others = ALTERNATIVES.filter((word) => word !== piece).map((word, at) => tokenOf(word, said.logprob - 1 - at))
    return { ...said, top_logprobs: [said, ...others].slice(0, count) }
  }
}
