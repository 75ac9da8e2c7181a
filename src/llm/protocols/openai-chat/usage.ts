// `usage` of chat completions, in the shapes that OpenAI and the vendors who speak its format send.
import { asObject } from '../../json.ts'
import type { JsonObject, Usage } from '../../spec.ts'
import type { Quirks } from '../../target.ts'
import { asCount, cacheWrites, inputTotal, makeUsage, outputTotal } from '../../usage.ts'

/** Transcriptions may be counted in seconds: how many tokens they are is not known then, which is not none. */
export const isDuration = (usage: JsonObject) => usage['type'] === 'duration'

/** Cached tokens are part of `prompt_tokens` and reasoning is part of `completion_tokens`, unless the numbers or the quirks say otherwise. */
export function readUsage(raw: JsonObject, quirks?: Quirks): Usage {
  const prompt = asCount(raw['prompt_tokens']) ?? asCount(raw['input_tokens']) ?? 0
  const completion = asCount(raw['completion_tokens']) ?? asCount(raw['output_tokens']) ?? 0
  const promptDetails =
    asObject(raw['prompt_tokens_details']) ??
    asObject(raw['prompt_token_details']) ??
    asObject(raw['input_tokens_details']) ??
    // Transcriptions.
    asObject(raw['input_token_details'])
  const details = asObject(raw['completion_tokens_details']) ?? asObject(raw['output_tokens_details'])
  const cached =
    asCount(promptDetails?.['cached_tokens']) ??
    asCount(raw['prompt_cache_hit_tokens']) ??
    asCount(raw['num_cached_tokens']) ??
    asCount(raw['cached_tokens']) ??
    asCount(raw['cache_read_input_tokens']) ??
    0
  const written =
    asCount(promptDetails?.['cache_write_tokens']) ??
    asCount(promptDetails?.['cache_creation_tokens']) ??
    asCount(raw['cache_creation_input_tokens']) ??
    0
  const reasoning = asCount(details?.['reasoning_tokens']) ?? asCount(raw['reasoning_tokens']) ?? 0
  // A vendor that counts reasoning apart shows it in its total, or by more reasoning than output.
  const total = asCount(raw['total_tokens'])
  const apart =
    quirks?.usage === 'reasoning-excluded' ||
    reasoning > completion ||
    (reasoning > 0 && total !== undefined && total === prompt + completion + reasoning)
  const cacheInside = cached + written <= prompt
  return makeUsage({
    inputUncached: cacheInside ? prompt - cached - written : prompt,
    cacheRead: cached,
    cacheWrite5m: written,
    output: apart ? completion : completion - reasoning,
    reasoning,
    audioIn: asCount(promptDetails?.['audio_tokens']),
    imageIn: asCount(promptDetails?.['image_tokens']),
    audioOut: asCount(details?.['audio_tokens']),
    imageOut: asCount(details?.['image_tokens']),
  })
}

/** The same in OpenAI's own shape; classes of no tokens that OpenAI leaves out are left out. */
export function writeUsage(usage: Usage): JsonObject {
  const input = inputTotal(usage)
  const output = outputTotal(usage)
  const written = cacheWrites(usage)
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      ...(written > 0 ? { cache_write_tokens: written } : {}),
      audio_tokens: usage.audioIn,
      ...(usage.imageIn > 0 ? { image_tokens: usage.imageIn } : {}),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: usage.audioOut,
      ...(usage.imageOut > 0 ? { image_tokens: usage.imageOut } : {}),
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
