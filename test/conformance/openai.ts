import OpenAI from 'openai'
import {
  ANSWER_SCHEMA,
  type Driver,
  type Failure,
  hasTwoTurns,
  type Outcome,
  type Place,
  PNG,
  QUESTION,
  resultOf,
  usesTools,
  WEATHER_SCHEMA,
} from './driver.ts'

const FINISH: Record<string, string> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tools',
  content_filter: 'refusal',
}

const clientOf = (place: Place) => new OpenAI({ apiKey: place.key, baseURL: `${place.url}/v1`, maxRetries: 0 })

function failure(error: unknown, partial: string): Failure {
  const { status, message } = error as { status?: number; message: string }
  return { failed: true, message, status, partial }
}

export const openaiChat: Driver = {
  name: 'openai chat',
  async run(place, model, scenario, stream) {
    const client = clientOf(place)
    const content =
      scenario === 'image'
        ? [
            { type: 'text' as const, text: 'What is it?' },
            { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PNG}` } },
          ]
        : QUESTION
    const messages: any[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content },
    ]
    const ask = async (): Promise<{ message: any; outcome: Outcome | Failure }> => {
      const body: OpenAI.ChatCompletionCreateParams = {
        model,
        messages,
        ...(usesTools(scenario)
          ? {
              tools: [
                {
                  type: 'function',
                  function: { name: 'weather', description: 'The weather', parameters: WEATHER_SCHEMA },
                },
              ],
            }
          : {}),
        ...(scenario === 'schema'
          ? {
              response_format: {
                type: 'json_schema',
                json_schema: { name: 'answer', schema: ANSWER_SCHEMA, strict: true },
              },
            }
          : {}),
        ...(scenario === 'reasoning' ? { reasoning_effort: 'low' } : {}),
      }
      return stream ? streamed(client, body) : plain(client, body)
    }
    const { message, outcome } = await ask()
    if ('failed' in outcome || !hasTwoTurns(scenario)) return { outcome }
    messages.push(message)
    for (const call of message.tool_calls ?? [])
      messages.push({ role: 'tool', tool_call_id: call.id, content: resultOf(JSON.parse(call.function.arguments)) })
    return { first: outcome, outcome: (await ask()).outcome }
  },
}

function outcomeOf(message: any, finish: string, usage: OpenAI.CompletionUsage | null | undefined): Outcome {
  return {
    text: message.content ?? '',
    calls: (message.tool_calls ?? []).map((call: any) => ({
      name: call.function.name,
      args: JSON.parse(call.function.arguments),
    })),
    reasoning: message.reasoning_content ?? '',
    finish: message.refusal ? 'refusal' : (FINISH[finish] ?? finish),
    usage: usage
      ? {
          input: usage.prompt_tokens,
          output: usage.completion_tokens,
          cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
        }
      : undefined,
  }
}

async function plain(client: OpenAI, body: OpenAI.ChatCompletionCreateParams) {
  try {
    const answer = await client.chat.completions.create({ ...body, stream: false })
    const choice = answer.choices[0]
    return { message: choice?.message, outcome: outcomeOf(choice?.message, choice?.finish_reason ?? '', answer.usage) }
  } catch (error) {
    return { message: undefined, outcome: failure(error, '') }
  }
}

async function streamed(client: OpenAI, body: OpenAI.ChatCompletionCreateParams) {
  const runner = client.chat.completions.stream({
    ...body,
    stream: true,
    stream_options: { include_usage: true },
  } as any)
  let partial = ''
  let reasoning = ''
  const details: any[] = []
  const signatures = new Map<number, any>()
  let usage: OpenAI.CompletionUsage | null | undefined
  try {
    for await (const chunk of runner) {
      const delta: any = chunk.choices[0]?.delta
      partial += delta?.content ?? ''
      reasoning += delta?.reasoning_content ?? ''
      details.push(...(delta?.reasoning_details ?? []))
      for (const call of delta?.tool_calls ?? []) if (call.extra_content) signatures.set(call.index, call.extra_content)
      usage = chunk.usage ?? usage
    }
    const final = await runner.finalChatCompletion()
    const choice = final.choices[0]
    // The SDK keeps what it knows; what extends the format is the caller's to keep.
    const calls = choice?.message.tool_calls?.map((call, index) => ({
      ...call,
      ...(signatures.has(index) ? { extra_content: signatures.get(index) } : {}),
    }))
    const message: any = {
      ...choice?.message,
      ...(reasoning ? { reasoning_content: reasoning } : {}),
      ...(details.length ? { reasoning_details: details } : {}),
      ...(calls ? { tool_calls: calls } : {}),
    }
    delete message.parsed
    for (const call of message.tool_calls ?? []) delete call.function.parsed_arguments
    return { message, outcome: outcomeOf(message, choice?.finish_reason ?? '', usage) }
  } catch (error) {
    return { message: undefined, outcome: failure(error, partial) }
  }
}

export const openaiResponses: Driver = {
  name: 'openai responses',
  async run(place, model, scenario, stream) {
    const client = clientOf(place)
    const content: any =
      scenario === 'image'
        ? [
            { type: 'input_text', text: 'What is it?' },
            { type: 'input_image', image_url: `data:image/png;base64,${PNG}`, detail: 'auto' },
          ]
        : QUESTION
    const input: any[] = [{ role: 'user', content }]
    const ask = async (): Promise<{ output: any[]; outcome: Outcome | Failure }> => {
      const body: any = {
        model,
        input,
        instructions: 'Be brief.',
        store: false,
        ...(usesTools(scenario)
          ? {
              tools: [
                {
                  type: 'function',
                  name: 'weather',
                  description: 'The weather',
                  parameters: WEATHER_SCHEMA,
                  strict: false,
                },
              ],
            }
          : {}),
        ...(scenario === 'schema'
          ? { text: { format: { type: 'json_schema', name: 'answer', schema: ANSWER_SCHEMA, strict: true } } }
          : {}),
        ...(scenario === 'reasoning'
          ? { reasoning: { effort: 'low', summary: 'auto' }, include: ['reasoning.encrypted_content'] }
          : {}),
      }
      let partial = ''
      try {
        let answer: any
        if (stream) {
          const events = client.responses.stream(body)
          for await (const event of events) {
            if (event.type === 'response.output_text.delta') partial += event.delta
            if (event.type === 'error') throw new Error(event.message)
            if (event.type === 'response.failed') throw new Error(event.response.error?.message)
          }
          answer = await events.finalResponse()
        } else answer = await client.responses.create(body)
        return { output: answer.output, outcome: responseOutcome(answer) }
      } catch (error) {
        return { output: [], outcome: failure(error, partial) }
      }
    }
    const { output, outcome } = await ask()
    if ('failed' in outcome || !hasTwoTurns(scenario)) return { outcome }
    for (const { parsed_arguments: _, ...item } of output) input.push(item)
    for (const item of output)
      if (item.type === 'function_call')
        input.push({
          type: 'function_call_output',
          call_id: item.call_id,
          output: resultOf(JSON.parse(item.arguments)),
        })
    return { first: outcome, outcome: (await ask()).outcome }
  },
}

function responseOutcome(answer: OpenAI.Responses.Response): Outcome {
  const calls = answer.output.filter((item) => item.type === 'function_call')
  const refused = answer.output.some(
    (item) => item.type === 'message' && item.content.some((part) => part.type === 'refusal'),
  )
  const details = answer.incomplete_details?.reason
  const finish =
    refused || details === 'content_filter'
      ? 'refusal'
      : details === 'max_output_tokens'
        ? 'length'
        : calls.length > 0
          ? 'tools'
          : 'stop'
  return {
    text: answer.output_text,
    calls: calls.map((item) => ({ name: item.name, args: JSON.parse(item.arguments) })),
    reasoning: answer.output
      .flatMap((item) => (item.type === 'reasoning' ? item.summary.map((part) => part.text) : []))
      .join(''),
    finish,
    usage: answer.usage
      ? {
          input: answer.usage.input_tokens,
          output: answer.usage.output_tokens,
          cached: answer.usage.input_tokens_details.cached_tokens,
        }
      : undefined,
  }
}
