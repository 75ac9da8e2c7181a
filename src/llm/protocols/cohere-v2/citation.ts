import { asNumber, asObject, asText, objectsIn } from '../../json.ts'
import type { Citation, JsonObject } from '../../spec.ts'

/** Cohere counts characters of the text part from its beginning; sources are documents or results of tools. */
export function readCitation(raw: JsonObject): Citation {
  const [start, end, cited] = [asNumber(raw['start']), asNumber(raw['end']), asText(raw['text'])]
  const document = asObject(objectsIn(raw['sources'])[0]?.['document'])
  const [url, title] = [asText(document?.['url']), asText(document?.['title'])]
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(cited !== undefined && { citedText: cited }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    origin: 'cohere-v2',
    native: raw,
  }
}
