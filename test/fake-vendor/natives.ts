// Vendors whose formats no client speaks, each on a real socket: what they demand of a request is checked, what they answer is what they document.
import { writeFrame } from '../../src/llm/protocols/bedrock-converse/frames.ts'

export type Seen = { readonly path: string; readonly headers: Headers; readonly body: any }

type Answer = (seen: Seen) => Response | undefined

function serve(answer: Answer) {
  const seen: Seen[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const url = new URL(request.url)
      const one = { path: url.pathname, headers: request.headers, body: await request.json() }
      seen.push(one)
      return answer(one) ?? Response.json({ message: `no ${one.path}` }, { status: 404 })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, seen, stop: () => server.stop(true) }
}

export const TEXT = 'The harbour opens at dawn – naïve, 日本語, 🚢.'
const CALL = { name: 'tide', input: { place: 'Oslo' } }

function chunked(parts: readonly (Uint8Array | string)[], type: string): Response {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  // Cut where nothing ends, so that no parser can rely on the pieces.
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 13) controller.enqueue(bytes.subarray(at, at + 13))
      controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': type } })
}

export const fakeBedrock = () =>
  serve(({ path, headers, body }) => {
    const authorization = headers.get('authorization') ?? ''
    if (!/^(AWS4-HMAC-SHA256 Credential=.+\/bedrock\/aws4_request|Bearer .)/.test(authorization))
      return Response.json(
        { message: 'missing authentication' },
        { status: 403, headers: { 'x-amzn-errortype': 'AccessDeniedException:http' } },
      )
    const [, operation] = /^\/model\/[^/]+\/(converse|converse-stream)$/.exec(path) ?? []
    const wantsTool = Boolean(body.toolConfig)
    const usage = {
      inputTokens: 12,
      outputTokens: 7,
      totalTokens: 24,
      cacheReadInputTokens: 5,
      cacheWriteInputTokens: 0,
    }
    const stopReason = wantsTool ? 'tool_use' : 'end_turn'
    const toolUse = { toolUseId: 'tooluse_1', ...CALL }
    if (operation === 'converse') {
      const content = wantsTool ? [{ toolUse }] : [{ text: TEXT }]
      return Response.json({
        output: { message: { role: 'assistant', content } },
        stopReason,
        usage,
        metrics: { latencyMs: 1 },
      })
    }
    if (operation !== 'converse-stream') return undefined
    const event = (type: string, payload: object) =>
      writeFrame(
        { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
        Buffer.from(JSON.stringify(payload)),
      )
    const contentBlockIndex = 0
    const block = wantsTool
      ? [
          event('contentBlockStart', {
            contentBlockIndex,
            start: { toolUse: { toolUseId: 'tooluse_1', name: CALL.name } },
          }),
          event('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input: '{"place":' } } }),
          event('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input: '"Oslo"}' } } }),
        ]
      : Array.from(TEXT).map((text) => event('contentBlockDelta', { contentBlockIndex, delta: { text } }))
    return chunked(
      [
        event('messageStart', { role: 'assistant' }),
        ...block,
        event('contentBlockStop', { contentBlockIndex }),
        event('messageStop', { stopReason }),
        event('metadata', { usage, metrics: { latencyMs: 1 } }),
      ],
      'application/vnd.amazon.eventstream',
    )
  })

export const fakeCohere = () =>
  serve(({ path, headers, body }) => {
    if (headers.get('authorization') !== 'Bearer vendor-secret')
      return Response.json({ id: 'e', message: 'invalid api token' }, { status: 401 })
    if (path === '/v2/embed')
      return Response.json({
        id: 'e',
        embeddings: { float: body.texts.map((text: string) => [text.length, 1]) },
        texts: body.texts,
        meta: { billed_units: { input_tokens: 4 } },
      })
    if (path === '/v2/rerank')
      return Response.json({
        id: 'r',
        results: [
          { index: 1, relevance_score: 0.9 },
          { index: 0, relevance_score: 0.1 },
        ],
        meta: { billed_units: { search_units: 1 } },
      })
    if (path !== '/v2/chat') return undefined
    const finish_reason = body.tools ? 'TOOL_CALL' : 'COMPLETE'
    const usage = {
      billed_units: { input_tokens: 12, output_tokens: 7 },
      tokens: { input_tokens: 500, output_tokens: 9 },
    }
    const call = {
      id: 'tide_1',
      type: 'function',
      function: { name: CALL.name, arguments: JSON.stringify(CALL.input) },
    }
    const message = body.tools
      ? { role: 'assistant', tool_plan: 'Ask.', tool_calls: [call] }
      : { role: 'assistant', content: [{ type: 'text', text: TEXT }] }
    if (!body.stream) return Response.json({ id: 'c', message, finish_reason, usage })
    const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
    const block = body.tools
      ? [
          event('tool-call-start', {
            index: 0,
            delta: { message: { tool_calls: { ...call, function: { name: CALL.name, arguments: '' } } } },
          }),
          event('tool-call-delta', {
            index: 0,
            delta: { message: { tool_calls: { function: { arguments: JSON.stringify(CALL.input) } } } },
          }),
          event('tool-call-end', { index: 0 }),
        ]
      : [
          event('content-start', { index: 0, delta: { message: { content: { type: 'text', text: '' } } } }),
          ...Array.from(TEXT).map((text) =>
            event('content-delta', { index: 0, delta: { message: { content: { text } } } }),
          ),
          event('content-end', { index: 0 }),
        ]
    return chunked(
      [
        event('message-start', { id: 'c', delta: { message: { role: 'assistant' } } }),
        ...block,
        event('message-end', { delta: { finish_reason, usage } }),
      ],
      'text/event-stream',
    )
  })

export const fakeOllama = () =>
  serve(({ path, body }) => {
    if (path !== '/api/chat') return undefined
    const call = { function: { name: CALL.name, arguments: CALL.input } }
    const said = body.tools
      ? [{ role: 'assistant', content: '', tool_calls: [call] }]
      : Array.from(TEXT).map((content) => ({ role: 'assistant', content }))
    const last = {
      model: body.model,
      created_at: '2026-11-23T12:00:00Z',
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 12,
      eval_count: 7,
    }
    if (!body.stream)
      return Response.json({ ...last, message: body.tools ? said[0] : { role: 'assistant', content: TEXT } })
    const lines = [
      ...said.map((message) => ({ model: body.model, message, done: false })),
      { ...last, message: { role: 'assistant', content: '' } },
    ]
    return chunked(
      lines.map((line) => `${JSON.stringify(line)}\n`),
      'application/x-ndjson',
    )
  })

/** Claude on Vertex: the model in the path, the version in the body, a token of Google's. */
export const fakeVertex = () =>
  serve(({ path, headers, body }) => {
    if (headers.get('authorization') !== 'Bearer ya29.token')
      return Response.json({ error: { code: 401, status: 'UNAUTHENTICATED' } }, { status: 401 })
    const [, , operation] = /^\/models\/([^/]+):(rawPredict|streamRawPredict)$/.exec(decodeURIComponent(path)) ?? []
    if (!operation || body.model !== undefined || body.anthropic_version !== 'vertex-2023-10-16')
      return Response.json(
        { error: { code: 400, message: 'not what Vertex takes', status: 'INVALID_ARGUMENT' } },
        { status: 400 },
      )
    const usage = { input_tokens: 12, output_tokens: 7 }
    const message = { id: 'msg_vrtx_1', type: 'message', role: 'assistant', model: 'claude', stop_sequence: null }
    if (operation === 'rawPredict')
      return Response.json({ ...message, content: [{ type: 'text', text: TEXT }], stop_reason: 'end_turn', usage })
    const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
    return chunked(
      [
        event('message_start', {
          message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
        }),
        event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
        ...Array.from(TEXT).map((text) =>
          event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
        ),
        event('content_block_stop', { index: 0 }),
        event('message_delta', {
          delta: { stop_reason: 'end_turn', stop_sequence: null },
          usage: { output_tokens: 7 },
        }),
        event('message_stop', {}),
      ],
      'text/event-stream',
    )
  })
