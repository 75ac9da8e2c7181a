import { SECRET } from '../helpers/gateway.ts'

/** What a strict client makes of an answer: whole, visibly broken, or a lie (success that is none). */
export type Reading = { readonly kind: 'answer' | 'broken' | 'lie'; readonly text: string }

/** A client that speaks one format, without any SDK's kindness. */
export type Dialect = {
  readonly id: string
  readonly request: (model: string, stream: boolean) => { path: string; headers: Record<string, string>; body: unknown }
  readonly read: (body: string, stream: boolean) => Reading
}

type Json = any

const QUESTION = 'When does the harbour open?'
const bearer = { authorization: `Bearer ${SECRET}` }

function parse(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The events' data; undefined stands for an event that is no JSON. */
function dataOf(body: string): Json[] {
  return body
    .split('\n\n')
    .flatMap((block) => block.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => (line === 'data: [DONE]' ? '[DONE]' : parse(line.slice(6))))
}

/** Judges a stream: an error event breaks it visibly, and then nothing may claim that it ended well. */
function judge(events: readonly Json[], ended: boolean, failed: boolean, text: string): Reading {
  if (failed) return { kind: ended ? 'lie' : 'broken', text }
  return { kind: ended && !events.includes(undefined) ? 'answer' : 'lie', text }
}

export const DIALECTS: readonly Dialect[] = [
  {
    id: 'openai',
    request: (model, stream) => ({
      path: '/v1/chat/completions',
      headers: bearer,
      body: { model, stream, max_tokens: 64, messages: [{ role: 'user', content: QUESTION }] },
    }),
    read(body, stream) {
      if (!stream) return whole(parse(body)?.choices?.[0]?.message?.content)
      const events = dataOf(body)
      const text = events.map((event) => event?.choices?.[0]?.delta?.content ?? '').join('')
      return judge(
        events,
        events.includes('[DONE]'),
        events.some((event) => event?.error),
        text,
      )
    },
  },
  {
    id: 'responses',
    request: (model, stream) => ({
      path: '/v1/responses',
      headers: bearer,
      body: { model, stream, max_output_tokens: 64, input: QUESTION },
    }),
    read(body, stream) {
      if (!stream) return whole(parse(body)?.output?.find((item: Json) => item.type === 'message')?.content?.[0]?.text)
      const events = dataOf(body)
      const text = events.map((event) => (event?.type === 'response.output_text.delta' ? event.delta : '')).join('')
      const has = (...types: string[]) => events.some((event) => types.includes(event?.type))
      return judge(events, has('response.completed'), has('error', 'response.failed'), text)
    },
  },
  {
    id: 'anthropic',
    request: (model, stream) => ({
      path: '/v1/messages',
      headers: { 'x-api-key': SECRET, 'anthropic-version': '2023-06-01' },
      body: { model, stream, max_tokens: 64, messages: [{ role: 'user', content: QUESTION }] },
    }),
    read(body, stream) {
      if (!stream) return whole(parse(body)?.content?.[0]?.text)
      const events = dataOf(body)
      const text = events.map((event) => event?.delta?.text ?? '').join('')
      const has = (type: string) => events.some((event) => event?.type === type)
      return judge(events, has('message_stop'), has('error'), text)
    },
  },
  {
    id: 'gemini',
    request: (model, stream) => ({
      path: `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      headers: { 'x-goog-api-key': SECRET },
      body: { contents: [{ role: 'user', parts: [{ text: QUESTION }] }], generationConfig: { maxOutputTokens: 64 } },
    }),
    read(body, stream) {
      const textOf = (event: Json) =>
        event?.candidates?.[0]?.content?.parts?.map((part: Json) => part.text ?? '').join('')
      if (!stream) return whole(textOf(parse(body)))
      const events = dataOf(body)
      const ended = events.some((event) => event?.candidates?.[0]?.finishReason)
      return judge(
        events,
        ended,
        events.some((event) => event?.error),
        events.map((event) => textOf(event) ?? '').join(''),
      )
    },
  },
]

function whole(text: unknown): Reading {
  return typeof text === 'string' && text ? { kind: 'answer', text } : { kind: 'lie', text: '' }
}
