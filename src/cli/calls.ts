import { addressOf } from '../contract/client.ts'
import { type Call, type CallDetail, getCall, listCalls, Outcome, tailCalls } from '../contract/api/calls.ts'
import { listKeys } from '../contract/api/keys.ts'
import { AppError } from '../errors.ts'
import { defineCommand, type Input, type Option } from './command.ts'
import { everyItem } from './every-item.ts'
import { MANAGEMENT_OPTIONS, type Management, withManagement } from './management.ts'
import { dollars, duration, relative, spanOf, table } from './table.ts'

const FILTERS: Readonly<Record<string, Option>> = {
  outcome: { about: 'only calls that ended so', value: 'OUTCOME', choices: Outcome.options },
  key: { about: 'only calls with this key, by name or id', value: 'KEY' },
  provider: { about: 'only calls to this provider', value: 'ID' },
  model: { about: 'only calls that this model served', value: 'NAME' },
  team: { about: 'only calls of this team', value: 'NAME' },
  slower: { about: 'only calls that took at least so many milliseconds', value: 'MS' },
}

const list = defineCommand({
  name: 'calls list',
  summary: 'list calls, newest first',
  options: {
    ...FILTERS,
    since: { about: 'how far back: 15m, 2h, 7d', value: 'SPAN' },
    limit: { about: 'how many', value: 'N', default: '20' },
    ...MANAGEMENT_OPTIONS,
  },
  examples: ['portreeve calls list --outcome error --since 1h'],
  run: (input, io) =>
    withManagement(input, io, async (management) => {
      const { api } = management
      const filter = await filterOf(input, management)
      const span = input.text('since')
      const from = span === undefined ? undefined : fromOf(span)
      const most = input.integer('limit', { min: 1, max: 100_000 }) ?? 20
      const calls = await everyItem(
        (paging) => api(listCalls, { query: { ...paging, ...filter, ...(from && { from }) } }),
        most,
      )
      if (input.json) return io.out(`${JSON.stringify(calls)}\n`)
      if (calls.length === 0) return io.out('No calls. Records appear within a second of a call’s end.\n')
      const now = Date.now()
      io.out(
        table(calls, [
          { head: 'WHEN', of: (call) => relative(call.started_at, now) },
          { head: 'STATUS', of: (call) => String(call.status), right: true },
          { head: 'MODEL', of: modelOf },
          { head: 'KEY', of: (call) => call.key_name ?? '-' },
          {
            head: 'IN',
            of: (call) => String(call.usage ? call.usage.input + call.usage.cache_read : '-'),
            right: true,
          },
          {
            head: 'OUT',
            of: (call) => String(call.usage ? call.usage.output + call.usage.reasoning : '-'),
            right: true,
          },
          { head: 'COST', of: (call) => dollars(call.cost_micros), right: true },
          { head: 'TIME', of: (call) => duration(call.total_ms), right: true },
          { head: 'ERROR', of: (call) => call.error_code ?? '' },
          { head: 'ID', of: (call) => call.id },
        ]),
      )
    }),
})

const tail = defineCommand({
  name: 'calls tail',
  summary: 'follow calls as they end',
  options: { ...FILTERS, ...MANAGEMENT_OPTIONS },
  run: (input, io) =>
    withManagement(input, io, async (management) => {
      if (!management.running)
        throw new AppError(
          'conflict',
          'No gateway runs on this data folder, so there is nothing to follow. Start one: portreeve start',
        )
      const response = await management.open(addressOf(tailCalls, { query: await filterOf(input, management) }))
      if (!response.ok || !response.body) throw new AppError('internal', `The gateway answered ${response.status}.`)
      if (!input.json) io.err('Following calls; Ctrl-C ends.\n')
      for await (const call of callsIn(response.body)) {
        io.out(input.json ? `${JSON.stringify(call)}\n` : lineOf(call))
      }
    }),
})

const show = defineCommand({
  name: 'calls show',
  summary: 'show one call: its tries, its cost, and why it failed',
  positionals: [{ name: 'ID', about: 'the call’s id, as in x-request-id', required: true }],
  options: MANAGEMENT_OPTIONS,
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const call = await api(getCall, { params: { id: input.positionals[0] ?? '' } })
      if (input.json) return io.out(`${JSON.stringify(call)}\n`)
      io.out(detailOf(call))
    }),
})

function detailOf(call: CallDetail): string {
  const lines = [
    `${call.id}  ${call.status}${call.error_code ? ` ${call.error_code}` : ''}  ${modelOf(call)}`,
    `${call.started_at} (${relative(call.started_at, Date.now())}), ${duration(call.total_ms)}${call.first_byte_ms === null ? '' : `, first byte after ${duration(call.first_byte_ms)}`}`,
    `key ${call.key_name ?? '-'}, ${call.endpoint}${call.stream ? ', streamed' : ''}, ${dollars(call.cost_micros)}${call.price_source ? ` (${call.price_source})` : ''}`,
  ]
  if (call.explanation) lines.push('', call.explanation.what, call.explanation.remedy)
  const spans = call.timeline.map((span) => ({ ...span, label: span.failed ? `${span.label} (failed)` : span.label }))
  const timeline = table(spans, [
    { head: 'STEP', of: (span) => span.label },
    { head: 'FROM', of: (span) => duration(span.start_ms), right: true },
    { head: 'TOOK', of: (span) => duration(span.duration_ms), right: true },
  ])
  const cost = call.cost.lines.length
    ? `\n${table(call.cost.lines, [
        { head: 'TOKENS', of: ({ kind }) => kind },
        { head: 'COUNT', of: ({ tokens }) => String(tokens), right: true },
        { head: 'COST', of: ({ cost_micros }) => dollars(cost_micros), right: true },
      ])}`
    : ''
  return `${lines.join('\n')}\n\n${timeline}${cost}`
}

async function filterOf(input: Input, { api }: Management) {
  const key = input.text('key')
  const slower = input.integer('slower')
  const [outcome, provider, model, team] = [
    input.text('outcome') as Outcome | undefined,
    input.text('provider'),
    input.text('model'),
    input.text('team'),
  ]
  return {
    ...(key !== undefined && { key_id: await keyId(key, api) }),
    ...(slower !== undefined && { min_ms: slower }),
    ...(outcome && { outcome }),
    ...(provider && { provider }),
    ...(model && { model }),
    ...(team && { team }),
  }
}

async function keyId(wanted: string, api: Management['api']): Promise<string> {
  const keys = await everyItem((paging) => api(listKeys, { query: paging }))
  return keys.find(({ id, name }) => id === wanted || name === wanted)?.id ?? wanted
}

function fromOf(span: string): string {
  const length = spanOf(span)
  if (length === undefined)
    throw new AppError('invalid_usage', `--since ${span}: use a span as 15m, 2h or 7d.`, { field: '--since' })
  return new Date(Date.now() - length).toISOString()
}

function modelOf(call: Call): string {
  const served = call.provider && call.model_served ? `${call.provider}/${call.model_served}` : null
  if (served === null) return call.model_asked ?? '-'
  return call.model_asked && call.model_asked !== served ? `${call.model_asked} → ${served}` : served
}

function lineOf(call: Call): string {
  const tokens = call.usage
    ? `${call.usage.input + call.usage.cache_read}+${call.usage.output + call.usage.reasoning} tokens`
    : ''
  const parts = [
    call.started_at.slice(11, 23),
    String(call.status),
    modelOf(call),
    call.key_name ?? '-',
    tokens,
    dollars(call.cost_micros),
    duration(call.total_ms),
    call.error_code ?? '',
    call.id,
  ]
  return `${parts.filter(Boolean).join('  ')}\n`
}

/** The calls of a stream of server-sent events. */
async function* callsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<Call> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const data = /^event: call\n(?:.*\n)*?data: (.*)$/m.exec(event)?.[1]
      if (data !== undefined) yield JSON.parse(data) as Call
    }
  }
}

export const callCommands = [list, tail, show]
