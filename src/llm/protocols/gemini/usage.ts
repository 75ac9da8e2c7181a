// `usageMetadata`: the prompt includes what came from the cache, the candidates leave out the thoughts.
import { objectsIn } from '../../json.ts'
import type { JsonObject, Usage } from '../../spec.ts'
import { asCount, inputTotal, makeUsage, outputTotal } from '../../usage.ts'

const ofKind = (details: unknown, kind: string) =>
  objectsIn(details)
    .filter((entry) => entry['modality'] === kind)
    .reduce((sum, entry) => sum + (asCount(entry['tokenCount']) ?? 0), 0)

export function readUsage(raw: JsonObject): Usage {
  const prompt = asCount(raw['promptTokenCount']) ?? 0
  const cached = asCount(raw['cachedContentTokenCount']) ?? 0
  const tools = asCount(raw['toolUsePromptTokenCount']) ?? 0
  const thoughts = asCount(raw['thoughtsTokenCount']) ?? 0
  const total = asCount(raw['totalTokenCount'])
  const output = asCount(raw['candidatesTokenCount']) ?? (total === undefined ? 0 : total - prompt - tools - thoughts)
  return makeUsage({
    inputUncached: prompt - cached + tools,
    cacheRead: cached,
    output,
    reasoning: thoughts,
    audioIn: ofKind(raw['promptTokensDetails'], 'AUDIO'),
    imageIn: ofKind(raw['promptTokensDetails'], 'IMAGE'),
    audioOut: ofKind(raw['candidatesTokensDetails'], 'AUDIO'),
    imageOut: ofKind(raw['candidatesTokensDetails'], 'IMAGE'),
  })
}

/** Whether the counts are there: the first chunks of Vertex only name the kind of traffic. */
export const hasCounts = (raw: JsonObject) =>
  raw['promptTokenCount'] !== undefined || raw['totalTokenCount'] !== undefined

export function writeUsage(usage: Usage): JsonObject {
  const input = inputTotal(usage)
  const details = (audio: number, image: number): JsonObject[] => [
    ...(audio > 0 ? [{ modality: 'AUDIO', tokenCount: audio }] : []),
    ...(image > 0 ? [{ modality: 'IMAGE', tokenCount: image }] : []),
  ]
  const [promptDetails, candidateDetails] = [
    details(usage.audioIn, usage.imageIn),
    details(usage.audioOut, usage.imageOut),
  ]
  return {
    promptTokenCount: input,
    ...(usage.cacheRead > 0 ? { cachedContentTokenCount: usage.cacheRead } : {}),
    candidatesTokenCount: usage.output,
    ...(usage.reasoning > 0 ? { thoughtsTokenCount: usage.reasoning } : {}),
    totalTokenCount: input + outputTotal(usage),
    ...(promptDetails.length > 0 ? { promptTokensDetails: promptDetails } : {}),
    ...(candidateDetails.length > 0 ? { candidatesTokensDetails: candidateDetails } : {}),
  }
}
