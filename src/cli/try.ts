import { createPlaygroundKey } from '../contract/api/playground.ts'
import { AppError } from '../errors.ts'
import { defineCommand, type Input } from './command.ts'
import type { Io } from './io.ts'
import { MANAGEMENT_OPTIONS, withManagement } from './management.ts'

/** How one dialect asks, and where its answer holds text: in a whole answer, and in one event of a stream. */
type Dialect = {
  readonly path: (model: string, stream: boolean) => string
  readonly body: (model: string, question: string, stream: boolean) => object
  readonly text: (answer: unknown) => string
  readonly delta: (event: unknown) => string
}

type Loose = { readonly [name: string]: Loose | undefined } & readonly Loose[] & string

/** The text at a path of an answer, or nothing: what is missing or no text is no text. */
function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  let found = value as Loose | undefined
  for (const step of path) found = (found as Record<string | number, Loose> | undefined)?.[step]
  return typeof found === 'string' ? found : ''
}

const message = (question: string) => [{ role: 'user', content: question }]

const DIALECTS: Readonly<Record<string, Dialect>> = {
  openai: {
    path: () => '/v1/chat/completions',
    body: (model, question, stream) => ({ model, stream, messages: message(question) }),
    text: (answer) => textAt(answer, 'choices', 0, 'message', 'content'),
    delta: (event) => textAt(event, 'choices', 0, 'delta', 'content'),
  },
  anthropic: {
    path: () => '/anthropic/v1/messages',
    body: (model, question, stream) => ({ model, stream, max_tokens: 1024, messages: message(question) }),
    text: (answer) =>
      ((answer as { content?: unknown[] }).content ?? []).map((block) => textAt(block, 'text')).join(''),
    delta: (event) => textAt(event, 'delta', 'text'),
  },
  gemini: {
    path: (model, stream) =>
      `/gemini/v1beta/models/${encodeURIComponent(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: (_, question) => ({ contents: [{ role: 'user', parts: [{ text: question }] }] }),
    text: (answer) => textAt(answer, 'candidates', 0, 'content', 'parts', 0, 'text'),
    delta: (event) => textAt(event, 'candidates', 0, 'content', 'parts', 0, 'text'),
  },
}

export const tryModel = defineCommand({
  name: 'try',
  summary: 'ask a model one question through the running gateway',
  positionals: [{ name: 'QUESTION', about: 'what to ask', required: true }],
  options: {
    ...MANAGEMENT_OPTIONS,
    model: { about: 'alias or provider/model', value: 'MODEL', default: 'demo/parley' },
    stream: { about: 'print the answer as it comes' },
    dialect: { about: 'the format to speak', value: 'DIALECT', choices: Object.keys(DIALECTS), default: 'openai' },
    key: { about: 'API key to call with; a short-lived one unless given', value: 'KEY' },
  },
  examples: [
    'portreeve try "Who kept the gate of a port?"',
    'portreeve try "Hello" --model openai/gpt-4o-mini --stream --dialect anthropic',
  ],
  run: (input, io) =>
    withManagement(input, io, async ({ api, running }) => {
      if (!running) {
        throw new AppError(
          'not_ready',
          'No gateway runs on this data folder. Start one: portreeve start; or name the folder of yours with --data.',
        )
      }
      const { secret, base_url } = await api(createPlaygroundKey)
      return ask(new URL(base_url).origin, input.text('key') ?? secret, input, io)
    }),
})

async function ask(address: string, key: string, input: Input, io: Io): Promise<number> {
  const model = input.text('model') ?? ''
  const stream = input.flag('stream')
  const dialect = DIALECTS[input.text('dialect') ?? '']!
  const question = input.positionals[0] ?? ''
  const response = await fetch(address + dialect.path(model, stream), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(dialect.body(model, question, stream)),
  })
  if (!response.ok) {
    const problem = (await response.json()) as { error?: { message?: string } }
    throw new AppError(
      'upstream_failed',
      `${response.status}: ${problem.error?.message ?? 'no reason was given'} (request ${requestId(response)})`,
    )
  }
  if (stream && !input.json) await printStream(response, dialect, io)
  else {
    const answer = stream ? await eventsOf(response) : await response.json()
    io.out(input.json ? `${JSON.stringify(answer)}\n` : `${dialect.text(answer)}\n`)
  }
  if (!input.json) io.err(`${summary(response)}\n`)
  return 0
}

async function printStream(response: Response, dialect: Dialect, io: Io): Promise<void> {
  for await (const event of events(response)) {
    const failure = textAt(event, 'error', 'message')
    if (failure) throw new AppError('upstream_failed', `the stream broke: ${failure} (request ${requestId(response)})`)
    io.out(dialect.delta(event))
  }
  io.out('\n')
}

async function eventsOf(response: Response): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const event of events(response)) all.push(event)
  return all
}

/** The JSON of each event of a stream. */
async function* events(response: Response): AsyncGenerator {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const bytes of response.body ?? []) {
    pending += decoder.decode(bytes, { stream: true })
    const lines = pending.split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: {')) yield JSON.parse(line.slice(6)) as unknown
  }
}

const requestId = (response: Response) => response.headers.get('x-request-id') ?? 'unknown'

function summary({ headers }: Response): string {
  const dropped = headers.get('x-portreeve-dropped')
  const parts = [
    headers.get('x-portreeve-model') ?? '',
    `${headers.get('x-portreeve-overhead-ms') ?? '?'} ms in the gateway`,
    requestId({ headers } as Response),
  ]
  return `(${[...parts, ...(dropped ? [`left out: ${dropped}`] : [])].join(' · ')})`
}
