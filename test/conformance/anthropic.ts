import Anthropic from '@anthropic-ai/sdk'
import {
  ANSWER_SCHEMA,
  type Driver,
  type Failure,
  hasTwoTurns,
  type Outcome,
  PNG,
  QUESTION,
  resultOf,
  usesTools,
  WEATHER_SCHEMA,
} from './driver.ts'

const FINISH: Record<string, string> = { end_turn: 'stop', max_tokens: 'length', tool_use: 'tools', refusal: 'refusal' }

export const anthropic: Driver = {
  name: 'anthropic',
  async run(place, model, scenario, stream) {
    const client = new Anthropic({ apiKey: place.key, baseURL: place.url, maxRetries: 0 })
    const content: any =
      scenario === 'image'
        ? [
            { type: 'text', text: 'What is it?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
          ]
        : QUESTION
    const messages: any[] = [{ role: 'user', content }]
    const ask = async (): Promise<{ blocks: any[]; outcome: Outcome | Failure }> => {
      const body: any = {
        model,
        messages,
        max_tokens: 4096,
        system: 'Be brief.',
        ...(usesTools(scenario)
          ? { tools: [{ name: 'weather', description: 'The weather', input_schema: WEATHER_SCHEMA }] }
          : {}),
        ...(scenario === 'schema' ? { output_config: { format: { type: 'json_schema', schema: ANSWER_SCHEMA } } } : {}),
        ...(scenario === 'reasoning' ? { thinking: { type: 'enabled', budget_tokens: 1024 } } : {}),
      }
      let partial = ''
      try {
        let answer: Anthropic.Message
        if (stream) {
          const events = client.messages.stream(body)
          events.on('text', (text) => {
            partial += text
          })
          answer = await events.finalMessage()
        } else answer = await client.messages.create(body)
        return { blocks: answer.content, outcome: outcomeOf(answer) }
      } catch (error) {
        const { status, message } = error as { status?: number; message: string }
        return { blocks: [], outcome: { failed: true, message, status, partial } }
      }
    }
    const { blocks, outcome } = await ask()
    if ('failed' in outcome || !hasTwoTurns(scenario)) return { outcome }
    messages.push({ role: 'assistant', content: blocks })
    const results = blocks
      .filter((block) => block.type === 'tool_use')
      .map((block) => ({ type: 'tool_result', tool_use_id: block.id, content: resultOf(block.input) }))
    messages.push({ role: 'user', content: results })
    return { first: outcome, outcome: (await ask()).outcome }
  },
}

function outcomeOf(answer: Anthropic.Message): Outcome {
  const { usage } = answer
  return {
    text: answer.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: answer.content
      .filter((block) => block.type === 'tool_use')
      .map((block) => ({ name: block.name, args: block.input })),
    reasoning: answer.content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    finish: FINISH[answer.stop_reason ?? ''] ?? String(answer.stop_reason),
    usage: {
      input: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
      output: usage.output_tokens,
      cached: usage.cache_read_input_tokens ?? 0,
    },
  }
}
