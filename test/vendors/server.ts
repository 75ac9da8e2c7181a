// One server that speaks every vendor's format, each below its own path: `/openai/v1`, `/anthropic/v1`, `/gemini/v1beta`, `/bedrock`, `/cohere/v2`, `/ollama`.
import { serveMessages } from './anthropic.ts'
import { serveConverse } from './bedrock.ts'
import { serveCohere } from './cohere.ts'
import { serveGemini } from './gemini.ts'
import { serveOllama } from './ollama.ts'
import { serveChat } from './openai-chat.ts'
import { serveResponses } from './openai-responses.ts'

type Served = { status: number; json?: unknown; events?: Iterable<string | Uint8Array> }

export type Vendors = {
  readonly url: string
  readonly requests: { readonly path: string; readonly body: any }[]
  stop(): void
}

function respond(served: Served, type = 'text/event-stream'): Response {
  const { events } = served
  if (events === undefined) return Response.json(served.json, { status: served.status })
  const encoder = new TextEncoder()
  const chunks = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const event of events) {
        controller.enqueue(typeof event === 'string' ? encoder.encode(event) : event)
        await Promise.resolve()
      }
      controller.close()
    },
  })
  return new Response(chunks, { headers: { 'content-type': type } })
}

/** OpenAI's own, in numbers or base64. */
function vectors(body: any): unknown {
  const inputs = Array.isArray(body.input) ? body.input : [body.input]
  const packed = Buffer.from(new Float32Array([0.5, -1]).buffer).toString('base64')
  return {
    object: 'list',
    data: inputs.map((_: unknown, index: number) => ({
      object: 'embedding',
      index,
      embedding: body.encoding_format === 'base64' ? packed : [0.5, -1],
    })),
    model: body.model,
    usage: { prompt_tokens: 9, total_tokens: 9 },
  }
}

export function startVendors(): Vendors {
  const requests: { path: string; body: any }[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const url = new URL(request.url)
      const body: any = await request.json()
      requests.push({ path: url.pathname, body })
      if (url.pathname === '/openai/v1/chat/completions') return respond(serveChat(body))
      if (url.pathname === '/openai/v1/responses' || url.pathname === '/azure/openai/responses')
        return respond(serveResponses(body))
      if (url.pathname.startsWith('/azure/openai/deployments/') && url.searchParams.has('api-version'))
        return respond(serveChat({ ...body, model: url.pathname.split('/')[4] }))
      if (url.pathname === '/anthropic/v1/messages') return respond(serveMessages(body))
      if (url.pathname === '/anthropic/v1/messages/count_tokens') return Response.json({ input_tokens: 42 })
      if (url.pathname === '/openai/v1/embeddings') return Response.json(vectors(body))
      const gemini = /^\/gemini\/v1(?:beta)?\/models\/([^:]+):(\w+)$/.exec(decodeURIComponent(url.pathname))
      if (gemini?.[2] === 'countTokens') return Response.json({ totalTokens: 43 })
      if (gemini?.[2] === 'batchEmbedContents')
        return Response.json({ embeddings: body.requests.map(() => ({ values: [0.5, -1] })) })
      if (gemini) return respond(serveGemini(gemini[1] ?? '', gemini[2] === 'streamGenerateContent', body))
      const converse = /^\/bedrock\/model\/([^/]+)\/(converse|converse-stream)$/.exec(decodeURIComponent(url.pathname))
      if (converse)
        return respond(
          serveConverse(converse[1] ?? '', converse[2] === 'converse-stream', body),
          'application/vnd.amazon.eventstream',
        )
      if (url.pathname === '/cohere/v2/chat') return respond(serveCohere(body))
      if (url.pathname === '/ollama/api/chat') return respond(serveOllama(body), 'application/x-ndjson')
      return Response.json({ error: { message: `no such path ${url.pathname}` } }, { status: 404 })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, requests, stop: () => void server.stop(true) }
}
