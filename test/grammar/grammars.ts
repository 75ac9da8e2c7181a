// What each format demands of a stream, checked on everything that is emitted. Each gives the violations in words.
import type { ProtocolId } from '../../src/llm/spec.ts'
import { eventsOf } from './sse.ts'

type Ending = 'clean' | 'error'

function checkChat(text: string, ending: Ending): string[] {
  const wrong: string[] = []
  const events = eventsOf(text)
  const roles = new Map<number, number>()
  const finished = new Set<number>()
  const calls = new Map<string, boolean>()
  let id: string | undefined
  events.forEach(({ event, data }, position) => {
    if (event !== '') wrong.push(`chunk ${position} is named ${event}`)
    if (data === '[DONE]') {
      if (position !== events.length - 1) wrong.push('[DONE] is not last')
      return
    }
    const chunk = JSON.parse(data)
    if (chunk.error) {
      if (position !== events.length - 1) wrong.push('something follows the error')
      if (!['message', 'type', 'param', 'code'].every((key) => key in chunk.error))
        wrong.push('the error lacks one of its four fields')
      return
    }
    if (chunk.object !== 'chat.completion.chunk') wrong.push(`chunk ${position} is a ${chunk.object}`)
    id ??= chunk.id
    if (chunk.id !== id) wrong.push('the id changes')
    for (const choice of chunk.choices) {
      const { delta, index } = choice
      if (finished.has(index)) wrong.push(`choice ${index} goes on after its finish reason`)
      if (delta.role) roles.set(index, (roles.get(index) ?? 0) + 1)
      else if (!roles.has(index)) wrong.push(`choice ${index} starts without its role`)
      for (const call of delta.tool_calls ?? []) {
        const key = `${index}/${call.index}`
        if (call.id !== undefined) {
          if (calls.has(key)) wrong.push(`call ${key} starts twice`)
          const before = call.index === 0 || calls.has(`${index}/${call.index - 1}`)
          if (!before) wrong.push(`call ${key} skips a number`)
          calls.set(key, true)
        } else if (!calls.has(key)) wrong.push(`call ${key} goes on before it starts`)
      }
      if (choice.finish_reason) finished.add(index)
    }
  })
  for (const [index, count] of roles) if (count !== 1) wrong.push(`choice ${index} has ${count} roles`)
  const done = events.at(-1)?.data === '[DONE]'
  if (ending === 'clean') {
    if (!done) wrong.push('no [DONE]')
    if (finished.size === 0) wrong.push('no finish reason')
  } else if (done) wrong.push('[DONE] after an error')
  else if (!JSON.parse(events.at(-1)?.data ?? '{}').error) wrong.push('no error at the end')
  return wrong
}

function checkMessages(text: string, ending: Ending): string[] {
  const wrong: string[] = []
  let open = -1
  let next = 0
  let state: 'before' | 'inside' | 'delta' | 'over' = 'before'
  let kind = ''
  const allowed: Record<string, string[]> = {
    text: ['text_delta', 'citations_delta'],
    thinking: ['thinking_delta', 'signature_delta'],
    tool_use: ['input_json_delta'],
  }
  for (const { event, data } of eventsOf(text)) {
    const body = JSON.parse(data)
    if (body.type !== event) wrong.push(`event ${event} holds ${body.type}`)
    if (state === 'over') wrong.push(`${event} after the end`)
    switch (event) {
      case 'message_start':
        if (state !== 'before') wrong.push('message_start twice')
        state = 'inside'
        break
      case 'content_block_start':
        if (state !== 'inside') wrong.push('a block outside of the message')
        if (open !== -1) wrong.push(`block ${body.index} starts inside block ${open}`)
        if (body.index !== next) wrong.push(`block ${body.index} instead of ${next}`)
        open = body.index
        kind = body.content_block.type
        next++
        break
      case 'content_block_delta':
        if (body.index !== open) wrong.push(`delta for block ${body.index}, open is ${open}`)
        if (allowed[kind]?.includes(body.delta.type) === false) wrong.push(`${body.delta.type} in a ${kind} block`)
        break
      case 'content_block_stop':
        if (body.index !== open) wrong.push(`stop of block ${body.index}, open is ${open}`)
        open = -1
        break
      case 'message_delta':
        if (open !== -1) wrong.push('message_delta inside a block')
        if (typeof body.usage?.output_tokens !== 'number') wrong.push('message_delta without usage')
        if (typeof body.delta.stop_reason !== 'string') wrong.push('message_delta without a stop reason')
        state = 'delta'
        break
      case 'message_stop':
        if (state !== 'delta') wrong.push('message_stop without message_delta')
        state = 'over'
        break
      case 'error':
        if (ending === 'clean') wrong.push('an error')
        if (typeof body.error?.type !== 'string' || typeof body.error?.message !== 'string')
          wrong.push('an error without type or message')
        state = 'over'
        break
      case 'ping':
        break
      default:
        wrong.push(`unknown event ${event}`)
    }
  }
  if (state !== 'over') wrong.push('no end')
  if (ending === 'error' && text.includes('event: message_stop')) wrong.push('message_stop after an error')
  return wrong
}

function checkResponses(text: string, ending: Ending): string[] {
  const wrong: string[] = []
  const items = new Map<number, string>()
  let sequence = 0
  let terminal = ''
  for (const { event, data } of eventsOf(text)) {
    const body = JSON.parse(data)
    if (body.type !== event) wrong.push(`event ${event} holds ${body.type}`)
    if (body.sequence_number !== sequence++)
      wrong.push(`sequence number ${body.sequence_number} instead of ${sequence - 1}`)
    if (terminal !== '') wrong.push(`${event} after ${terminal}`)
    if (event === 'response.output_item.added') {
      if (body.output_index !== items.size) wrong.push(`item ${body.output_index} instead of ${items.size}`)
      items.set(body.output_index, 'open')
    } else if (event === 'response.output_item.done') {
      if (items.get(body.output_index) !== 'open') wrong.push(`item ${body.output_index} is done but not open`)
      items.set(body.output_index, 'done')
    } else if (/delta$|part\.added$|part\.done$|\.done$/.test(event) && items.get(body.output_index) !== 'open')
      wrong.push(`${event} for item ${body.output_index}, which is not open`)
    if (/^response\.(?:completed|incomplete|failed)$/.test(event)) {
      terminal = event
      if (event !== 'response.failed') {
        if ([...items.values()].includes('open')) wrong.push('an item stays open')
        if (body.response.output.length !== items.size)
          wrong.push(`${body.response.output.length} items in the response, ${items.size} in the stream`)
        if (body.response.status !== event.slice(9)) wrong.push(`status ${body.response.status} in ${event}`)
      }
    }
  }
  if (ending === 'clean' && terminal !== 'response.completed' && terminal !== 'response.incomplete')
    wrong.push(`ends with ${terminal || 'nothing'}`)
  if (ending === 'error' && terminal !== 'response.failed')
    wrong.push(`an error that ends with ${terminal || 'nothing'}`)
  return wrong
}

function checkGemini(text: string, ending: Ending): string[] {
  const wrong: string[] = []
  const list: any[] = text.startsWith('data:') ? eventsOf(text).map(({ data }) => JSON.parse(data)) : JSON.parse(text)
  list.forEach((event, position) => {
    const last = position === list.length - 1
    if (event.error) {
      if (!last || ending === 'clean') wrong.push('an error')
      if (typeof event.error.code !== 'number' || typeof event.error.status !== 'string')
        wrong.push('an error without code or status')
      return
    }
    for (const candidate of event.candidates)
      if (candidate.finishReason && !last) wrong.push('a finish reason before the end')
  })
  const last = list.at(-1)
  if (ending === 'clean' && !last?.candidates?.every((candidate: any) => candidate.finishReason))
    wrong.push('no finish reason')
  if (ending === 'error' && !last?.error) wrong.push('no error at the end')
  return wrong
}

const CHECKS: Partial<Record<ProtocolId, (text: string, ending: Ending) => string[]>> = {
  'openai-chat': checkChat,
  'anthropic-messages': checkMessages,
  'openai-responses': checkResponses,
  gemini: checkGemini,
}

export const violations = (protocol: ProtocolId, text: string, ending: Ending): string[] =>
  CHECKS[protocol]?.(text, ending) ?? ['no grammar']
