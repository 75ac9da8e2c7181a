import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, jsonSchema, Output, streamText, tool } from 'ai'
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
  'tool-calls': 'tools',
  'content-filter': 'refusal',
}

/** Vercel's `ai` reaches the gateway through each of its providers. */
const DIALECTS: Readonly<Record<string, (place: Place, model: string) => any>> = {
  chat: (place, model) =>
    createOpenAICompatible({
      name: 'portreeve',
      apiKey: place.key,
      baseURL: `${place.url}/v1`,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })(model),
  responses: (place, model) => createOpenAI({ apiKey: place.key, baseURL: `${place.url}/v1` }).responses(model),
  anthropic: (place, model) => createAnthropic({ apiKey: place.key, baseURL: `${place.url}/v1` })(model),
  google: (place, model) =>
    createGoogleGenerativeAI({ apiKey: place.key, baseURL: `${place.url}/gemini/v1beta` })(model),
}

function optionsOf(dialect: string, scenario: string): any {
  if (scenario !== 'reasoning') return dialect === 'responses' ? { openai: { store: false } } : undefined
  if (dialect === 'responses')
    return {
      openai: {
        store: false,
        reasoningEffort: 'low',
        reasoningSummary: 'auto',
        include: ['reasoning.encrypted_content'],
        forceReasoning: true,
      },
    }
  if (dialect === 'anthropic') return { anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } } }
  if (dialect === 'google') return { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } } }
  return { portreeve: { reasoningEffort: 'low' } }
}

export const aiDrivers: readonly Driver[] = Object.entries(DIALECTS).map(([dialect, open]) => ({
  name: `ai ${dialect}`,
  // `@ai-sdk/openai-compatible` keeps `reasoning_content` and Google's proof on a call, and nothing else.
  ...(dialect === 'chat' ? { forgets: ['responses', 'anthropic', 'bedrock'] } : {}),
  async run(place, model, scenario, stream) {
    const content: any =
      scenario === 'image'
        ? [
            { type: 'text', text: 'What is it?' },
            { type: 'file', data: PNG, mediaType: 'image/png' },
          ]
        : QUESTION
    const messages: any[] = [{ role: 'user', content }]
    const ask = async (): Promise<{ turn: any[]; outcome: Outcome | Failure }> => {
      const body: any = {
        model: open(place, model),
        messages,
        instructions: 'Be brief.',
        maxRetries: 0,
        maxOutputTokens: 4096,
        onError: () => {},
        ...(usesTools(scenario)
          ? { tools: { weather: tool({ description: 'The weather', inputSchema: jsonSchema(WEATHER_SCHEMA) }) } }
          : {}),
        ...(scenario === 'schema' ? { output: Output.object({ schema: jsonSchema(ANSWER_SCHEMA) }) } : {}),
        providerOptions: optionsOf(dialect, scenario),
      }
      let partial = ''
      try {
        if (!stream) {
          const answer = await generateText(body)
          return { turn: answer.response.messages, outcome: outcomeOf(answer) }
        }
        const answer = streamText(body)
        for await (const part of answer.fullStream) {
          if (part.type === 'text-delta') partial += part.text
          if (part.type === 'error') throw part.error
        }
        const [text, toolCalls, reasoningText, finishReason, usage, response] = await Promise.all([
          answer.text,
          answer.toolCalls,
          answer.reasoningText,
          answer.finishReason,
          answer.usage,
          answer.response,
        ])
        return { turn: response.messages, outcome: outcomeOf({ text, toolCalls, reasoningText, finishReason, usage }) }
      } catch (error) {
        const { statusCode, message, data } = error as { statusCode?: number; message?: string; data?: any }
        return {
          turn: [],
          outcome: { failed: true, message: message ?? JSON.stringify(data ?? error), status: statusCode, partial },
        }
      }
    }
    const { turn, outcome } = await ask()
    if ('failed' in outcome || !hasTwoTurns(scenario)) return { outcome }
    messages.push(...turn)
    const calls = turn
      .flatMap((message) => (Array.isArray(message.content) ? message.content : []))
      .filter((part) => part.type === 'tool-call')
    messages.push({
      role: 'tool',
      content: calls.map((call) => ({
        type: 'tool-result',
        toolCallId: call.toolCallId,
        toolName: call.toolName,
        output: { type: 'text', value: resultOf(call.input) },
      })),
    })
    return { first: outcome, outcome: (await ask()).outcome }
  },
}))

function outcomeOf(answer: any): Outcome {
  return {
    text: answer.text,
    calls: answer.toolCalls.map((call: any) => ({ name: call.toolName, args: call.input })),
    reasoning: answer.reasoningText ?? '',
    finish: FINISH[answer.finishReason] ?? answer.finishReason,
    usage: {
      input: answer.usage.inputTokens ?? 0,
      output: answer.usage.outputTokens ?? 0,
      cached: answer.usage.inputTokenDetails?.cacheReadTokens ?? answer.usage.cachedInputTokens ?? 0,
    },
  }
}
