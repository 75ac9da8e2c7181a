import type { ProtocolId } from '../llm/spec.ts'

/** What a call asks for, whatever the wire format. */
export type Endpoint =
  | 'chat'
  | 'completions'
  | 'embeddings'
  | 'moderations'
  | 'images'
  | 'speech'
  | 'transcriptions'
  | 'translations'
  | 'rerank'
  | 'count_tokens'
  | 'compact'

/** One address of the data plane. */
export type Route = {
  readonly endpoint: Endpoint
  /** The wire format that the client speaks here. */
  readonly dialect: ProtocolId
  /** Name on the call record. */
  readonly recordedAs: string
  /** The body may be a form. */
  readonly multipart?: boolean
}

const openai = (endpoint: Endpoint, recordedAs: string, multipart = false): Route => ({
  endpoint,
  dialect: 'openai-chat',
  recordedAs,
  ...(multipart ? { multipart } : {}),
})

/** Paths without their root (`/v1`, `/openai/v1`, …). */
export const OPENAI_ROUTES: ReadonlyMap<string, Route> = new Map([
  ['/chat/completions', openai('chat', 'chat.completions')],
  ['/completions', openai('completions', 'completions')],
  ['/embeddings', openai('embeddings', 'embeddings')],
  ['/moderations', openai('moderations', 'moderations')],
  ['/images/generations', openai('images', 'images.generations')],
  ['/audio/speech', openai('speech', 'audio.speech')],
  ['/audio/transcriptions', openai('transcriptions', 'audio.transcriptions', true)],
  ['/audio/translations', openai('translations', 'audio.translations', true)],
  ['/rerank', openai('rerank', 'rerank')],
  ['/responses', { endpoint: 'chat', dialect: 'openai-responses', recordedAs: 'responses' }],
  ['/responses/compact', { endpoint: 'compact', dialect: 'openai-responses', recordedAs: 'responses.compact' }],
  [
    '/responses/input_tokens',
    { endpoint: 'count_tokens', dialect: 'openai-responses', recordedAs: 'responses.input_tokens' },
  ],
])

export const ANTHROPIC_ROUTES: ReadonlyMap<string, Route> = new Map([
  ['/messages', { endpoint: 'chat', dialect: 'anthropic-messages', recordedAs: 'messages' }],
  [
    '/messages/count_tokens',
    { endpoint: 'count_tokens', dialect: 'anthropic-messages', recordedAs: 'messages.count_tokens' },
  ],
])
