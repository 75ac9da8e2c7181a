import { asObject, asText, objectsIn } from '../../json.ts'
import type { Citation, JsonObject } from '../../spec.ts'

/** A place in a document or on the web that an answer of Converse rests on. */
export function readCitation(raw: JsonObject): Citation {
  const url = asText(asObject(asObject(raw['location'])?.['web'])?.['url'])
  const title = asText(raw['title'])
  const cited = objectsIn(raw['sourceContent'])
    .map((each) => asText(each['text']) ?? '')
    .join('')
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(cited && { citedText: cited }),
    origin: 'bedrock-converse',
    native: raw,
  }
}
