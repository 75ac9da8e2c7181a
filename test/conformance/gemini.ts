import { type Content, type GenerateContentResponse, GoogleGenAI, type Part } from '@google/genai'
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

const FINISH: Record<string, string> = { STOP: 'stop', MAX_TOKENS: 'length', SAFETY: 'refusal' }

export const gemini: Driver = {
  name: 'google genai',
  async run(place, model, scenario, stream) {
    const client = new GoogleGenAI({ apiKey: place.key, httpOptions: { baseUrl: `${place.url}/gemini` } })
    const parts: Part[] =
      scenario === 'image'
        ? [{ text: 'What is it?' }, { inlineData: { mimeType: 'image/png', data: PNG } }]
        : [{ text: QUESTION }]
    const contents: Content[] = [{ role: 'user', parts }]
    const ask = async (): Promise<{ parts: Part[]; outcome: Outcome | Failure }> => {
      const body = {
        model,
        contents,
        config: {
          systemInstruction: 'Be brief.',
          ...(usesTools(scenario)
            ? {
                tools: [
                  {
                    functionDeclarations: [
                      { name: 'weather', description: 'The weather', parametersJsonSchema: WEATHER_SCHEMA },
                    ],
                  },
                ],
              }
            : {}),
          ...(scenario === 'schema' ? { responseMimeType: 'application/json', responseJsonSchema: ANSWER_SCHEMA } : {}),
          ...(scenario === 'reasoning' ? { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } } : {}),
        },
      }
      const seen: Part[] = []
      try {
        let last: GenerateContentResponse | undefined
        let finish: string | undefined
        if (stream) {
          for await (const event of await client.models.generateContentStream(body)) {
            seen.push(...(event.candidates?.[0]?.content?.parts ?? []))
            finish = event.candidates?.[0]?.finishReason ?? finish
            last = event
          }
        } else {
          last = await client.models.generateContent(body)
          seen.push(...(last.candidates?.[0]?.content?.parts ?? []))
          finish = last.candidates?.[0]?.finishReason
        }
        return { parts: seen, outcome: outcomeOf(seen, finish ?? '', last) }
      } catch (error) {
        const { status, message } = error as { status?: number; message: string }
        return { parts: [], outcome: { failed: true, message, status, partial: textOf(seen) } }
      }
    }
    const { parts: answered, outcome } = await ask()
    if ('failed' in outcome || !hasTwoTurns(scenario)) return { outcome }
    contents.push({ role: 'model', parts: answered })
    const results = answered.flatMap((part) =>
      part.functionCall
        ? [
            {
              functionResponse: {
                ...(part.functionCall.id ? { id: part.functionCall.id } : {}),
                name: part.functionCall.name ?? '',
                response: { output: resultOf(part.functionCall.args) },
              },
            },
          ]
        : [],
    )
    contents.push({ role: 'user', parts: results })
    return { first: outcome, outcome: (await ask()).outcome }
  },
}

const textOf = (parts: readonly Part[]) => parts.map((part) => (part.text && !part.thought ? part.text : '')).join('')

function outcomeOf(parts: readonly Part[], finish: string, last: GenerateContentResponse | undefined): Outcome {
  const calls = parts.flatMap((part) =>
    part.functionCall ? [{ name: part.functionCall.name ?? '', args: part.functionCall.args }] : [],
  )
  const usage = last?.usageMetadata
  return {
    text: textOf(parts),
    calls,
    reasoning: parts.map((part) => (part.thought ? (part.text ?? '') : '')).join(''),
    finish: calls.length > 0 && finish === 'STOP' ? 'tools' : (FINISH[finish] ?? finish),
    usage: usage
      ? {
          input: usage.promptTokenCount ?? 0,
          output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
          cached: usage.cachedContentTokenCount ?? 0,
        }
      : undefined,
  }
}
