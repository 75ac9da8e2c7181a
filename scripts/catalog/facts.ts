// What every reader of a source hands over: facts about models, in one shape, for one provider of the registry.
import type { PriceRule } from '../../src/llm/price.ts'

/** A test of a model's name: all terms of one inner list must hold for it to match. See `matches` in src/llm/catalog-match.ts. */
export type Match = readonly (readonly string[])[]

export type ModelFacts = {
  readonly id: string
  readonly name?: string | undefined
  readonly kind?: string | undefined
  readonly match?: Match | undefined
  readonly context?: number | undefined
  readonly output?: number | undefined
  /** Modalities, of `text image audio video document`. */
  readonly in?: readonly string[] | undefined
  readonly out?: readonly string[] | undefined
  /** Features that are known to be there, and known to be missing. */
  readonly yes?: readonly string[] | undefined
  readonly no?: readonly string[] | undefined
  readonly control?: 'effort' | 'budget' | undefined
  readonly released?: string | undefined
  readonly shutdown?: string | undefined
  readonly deprecated?: boolean | undefined
  readonly price?: readonly PriceRule[] | undefined
}

/** Provider of the registry → facts in the source's own order. */
export type SourceFacts = ReadonlyMap<string, readonly ModelFacts[]>

export const kindOf = (id: string): string => {
  const name = id.toLowerCase()
  if (/embed|(^|\/)bge-|gte-|e5-|voyage-\d|voyage-(code|law|finance|multilingual)/.test(name)) return 'embedding'
  if (/rerank/.test(name)) return 'rerank'
  if (/whisper|transcri|scribe|stt|asr/.test(name)) return 'transcription'
  if (/(^|[-/])tts|text-to-speech|speech-/.test(name)) return 'speech'
  if (/gpt-image|dall-e|imagen|flux|stable-diffusion|sdxl|seedream|image-gen|-image(-|$)|recraft|ideogram/.test(name))
    return 'image'
  if (/veo-|sora|video|kling|wan2/.test(name)) return 'video'
  if (/moderation|guard/.test(name)) return 'moderation'
  return /realtime/.test(name) ? 'realtime' : 'chat'
}

/** The day in a dated id (`gpt-4o-2024-08-06`, `claude-sonnet-4-5-20250929`): that is when the snapshot was made. */
export function dayInId(id: string): string | undefined {
  const [, year, month, day] = /(20[12]\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)/.exec(id) ?? []
  return year ? `${year}-${month}-${day}` : undefined
}

/** Dollars for one token → dollars for a million, without the noise of the binary division. */
export const perMillion = (each: number): number => Number((each * 1e6).toPrecision(12))
