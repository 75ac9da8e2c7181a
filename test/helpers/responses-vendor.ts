/** What the vendor was asked: method, path with its query, and the credential. */
export type Asked = { readonly method: string; readonly target: string; readonly credential: string }

type Kept = { body: Record<string, any>; input: any[]; account: string; events: string[] }

const USAGE = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 50,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 150,
}

/**
 * A vendor of the Responses API that keeps what it made, each credential's apart. Responses of the background end when `finish` says so.
 * `accounts` puts credentials together.
 */
export class ResponsesVendor {
  readonly asked: Asked[] = []
  readonly kept = new Map<string, Kept>()
  /** Given instead of the next answer. */
  failNext: Response | undefined
  lastIdempotencyKey: string | null = null
  readonly #server: Bun.Server<undefined>
  readonly #accountOf: (credential: string) => string

  constructor(accountOf: (credential: string) => string = (credential) => credential) {
    this.#accountOf = accountOf
    this.#server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => this.#answer(request) })
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.port}`
  }

  finish(id: string, counts: object = {}): void {
    const kept = this.kept.get(id)!
    kept.body = { ...kept.body, status: 'completed', usage: { ...USAGE, ...counts }, output: [messageOf(id)] }
  }

  async stop(): Promise<void> {
    await this.#server.stop(true)
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search, searchParams } = new URL(request.url)
    const credential = (request.headers.get('authorization') ?? '').replace('Bearer ', '')
    this.asked.push({ method: request.method, target: pathname + search, credential })
    this.lastIdempotencyKey = request.headers.get('idempotency-key')
    const failure = this.failNext
    this.failNext = undefined
    if (failure) return failure
    const account = this.#accountOf(credential)
    const spoken = /\/conversations(?:\/([^/]+))?(?:\/items(?:\/([^/]+))?)?$/.exec(pathname)
    if (spoken) return this.#converse(request, account, spoken[1], pathname.includes('/items'), spoken[2])
    const [, id, action] = /\/responses(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(pathname) ?? []
    if (id === undefined) return this.#create((await request.json()) as Record<string, any>, account)
    if (id === 'compact' || id === 'input_tokens')
      return this.#beside(id, (await request.json()) as Record<string, any>, account)
    const kept = this.kept.get(decodeURIComponent(id))
    if (!kept || kept.account !== account) return notFound(`Response with id '${id}' not found.`)
    if (request.method === 'DELETE') {
      this.kept.delete(id)
      return Response.json({ id, object: 'response', deleted: true })
    }
    if (action === 'cancel') {
      if (!kept.body['background']) return refused('Only background responses can be cancelled.')
      kept.body = { ...kept.body, status: 'cancelled' }
    }
    if (action === 'input_items')
      return Response.json({ object: 'list', data: kept.input, first_id: null, last_id: null, has_more: false })
    if (searchParams.get('stream') !== 'true') return Response.json(kept.body)
    return eventStream(kept.body, Number(searchParams.get('starting_after') ?? -1))
  }

  async #converse(request: Request, account: string, id: string | undefined, items: boolean, item: string | undefined) {
    const body = request.method === 'POST' ? ((await request.json()) as Record<string, any>) : {}
    const numbered = (list: object[] = []) =>
      list.map((each) => ({ type: 'message', ...each, id: `msg_${crypto.randomUUID()}` }))
    if (id === undefined) {
      const made = `conv_${crypto.randomUUID().replaceAll('-', '')}`
      const conversation = { id: made, object: 'conversation', created_at: 1, metadata: body['metadata'] ?? {} }
      this.kept.set(made, { body: conversation, input: numbered(body['items']), account, events: [] })
      return Response.json(conversation)
    }
    const kept = this.kept.get(id)
    if (!kept || kept.account !== account) return notFound(`Conversation with id '${id}' not found.`)
    if (!items && request.method === 'DELETE') {
      this.kept.delete(id)
      return Response.json({ id, object: 'conversation.deleted', deleted: true })
    }
    if (!items) return Response.json(Object.assign(kept.body, body))
    if (item !== undefined && request.method === 'DELETE')
      kept.input = kept.input.filter((each: any) => each.id !== item)
    if (item !== undefined)
      return Response.json(
        request.method === 'DELETE' ? kept.body : (kept.input.find((each: any) => each.id === item) ?? {}),
      )
    const added = numbered(body['items'])
    kept.input.push(...added)
    const data = request.method === 'POST' ? added : kept.input
    return Response.json({ object: 'list', data, first_id: data[0]?.id, last_id: data.at(-1)?.id, has_more: false })
  }

  #beside(name: 'compact' | 'input_tokens', asked: Record<string, any>, account: string): Response {
    const before = asked['previous_response_id'] as string | undefined
    if (before && this.kept.get(before)?.account !== account) return refused(`Previous response '${before}' not found.`)
    if (asked['model'] !== 'm') return notFound(`The model ${asked['model']} does not exist.`)
    if (name === 'input_tokens') return Response.json({ object: 'response.input_tokens', input_tokens: 11 })
    const output = [{ type: 'compaction', id: 'cmp_1', encrypted_content: 'sealed' }]
    return Response.json({ id: 'resp_c', object: 'response.compaction', created_at: 1, output, usage: USAGE })
  }

  #create(asked: Record<string, any>, account: string): Response {
    const conversation = asked['conversation']?.id ?? asked['conversation']
    if (conversation && this.kept.get(conversation)?.account !== account)
      return refused(`Conversation with id '${conversation}' not found.`, 404)
    const references = [asked['previous_response_id'], ...itemIds(asked['input'])].filter(Boolean) as string[]
    const missing = references.find((each) => this.kept.get(each.replace('msg_', 'resp_'))?.account !== account)
    if (missing) return refused(`Previous response with id '${missing}' not found.`)
    const id = `resp_${crypto.randomUUID().replaceAll('-', '')}`
    const background = asked['background'] === true
    const body = {
      id,
      object: 'response',
      created_at: 1_800_000_000,
      model: asked['model'],
      background,
      status: background ? 'queued' : 'completed',
      error: null,
      incomplete_details: null,
      output: background ? [] : [messageOf(id)],
      usage: background ? null : USAGE,
    }
    const input = [{ id: id.replace('resp', 'in'), type: 'message', role: 'user', content: [] }]
    if (asked['store'] !== false) this.kept.set(id, { body, input, account, events: [] })
    return asked['stream'] ? eventStream(body, -1) : Response.json(body)
  }
}

const itemIds = (input: unknown): unknown[] =>
  Array.isArray(input) ? input.map((item: any) => ((item.role ?? item.encrypted_content) ? undefined : item.id)) : []

const messageOf = (id: string) => ({
  type: 'message',
  id: id.replace('resp', 'msg'),
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: `the answer of ${id}`, annotations: [] }],
})

function eventStream(response: Record<string, any>, after: number): Response {
  const [item] = response['output'] as Record<string, any>[]
  const begun = { ...response, status: 'in_progress', output: [], usage: null }
  const events: object[] = [{ type: 'response.created', response: begun }]
  if (item) {
    const [part] = item['content'] as Record<string, any>[]
    const place = { output_index: 0, item_id: item['id'] }
    events.push(
      { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
      { type: 'response.content_part.added', ...place, content_index: 0, part: { ...part, text: '' } },
      { type: 'response.output_text.delta', ...place, content_index: 0, delta: part!['text'], logprobs: [] },
      { type: 'response.output_text.done', ...place, content_index: 0, text: part!['text'], logprobs: [] },
      { type: 'response.content_part.done', ...place, content_index: 0, part },
      { type: 'response.output_item.done', output_index: 0, item },
    )
  }
  if (response['status'] === 'completed') events.push({ type: 'response.completed', response })
  // A response of the background is still worked on: its stream breaks off behind its first words.
  else
    events.push({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'the', logprobs: [] })
  const lines = events.flatMap((event, sequence_number) =>
    sequence_number > after
      ? [`event: ${(event as { type: string }).type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`]
      : [],
  )
  return new Response(lines.join(''), { headers: { 'content-type': 'text/event-stream' } })
}

const refused = (message: string, status = 400) =>
  Response.json({ error: { message, type: 'invalid_request_error', param: null, code: null } }, { status })
const notFound = (message: string) => refused(message, 404)
