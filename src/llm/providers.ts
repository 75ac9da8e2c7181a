// The registry of vendors. Why some files hold one vendor and some many: docs/providers.md. A vendor that is not listed here does not exist.
import type { Operation, Provider } from './provider.ts'
import { aggregators } from './providers/aggregators.ts'
import { alibaba, alibabaCn } from './providers/alibaba.ts'
import { amazonBedrock, bedrockMantle } from './providers/amazon-bedrock.ts'
import { anthropic, anthropicAws, thinkingMachines } from './providers/anthropic.ts'
import { azureAiFoundry, azureOpenai, azureOpenaiClassic } from './providers/azure.ts'
import { builtIn } from './providers/built-in.ts'
import { china } from './providers/china.ts'
import { clouds } from './providers/clouds.ts'
import { cohere } from './providers/cohere.ts'
import { deepseek } from './providers/deepseek.ts'
import { europe } from './providers/europe.ts'
import { google, googleVertex, googleVertexAnthropic } from './providers/google.ts'
import { groq } from './providers/groq.ts'
import { hosts } from './providers/hosts.ts'
import { jina } from './providers/jina.ts'
import { labs } from './providers/labs.ts'
import { maxTokens } from './providers/max-tokens.ts'
import { media } from './providers/media.ts'
import { minimax, minimaxCn } from './providers/minimax.ts'
import { codestral, mistral } from './providers/mistral.ts'
import { moonshot, moonshotCn } from './providers/moonshot.ts'
import { native } from './providers/native.ts'
import { ollama } from './providers/ollama.ts'
import { openai } from './providers/openai.ts'
import { openrouter } from './providers/openrouter.ts'
import { ownAuth } from './providers/own-auth.ts'
import { perplexity } from './providers/perplexity.ts'
import { search } from './providers/search.ts'
import { selfHosted } from './providers/self-hosted.ts'
import { vllm } from './providers/vllm.ts'
import { byteplus, volcengine } from './providers/volcengine.ts'
import { voyage } from './providers/voyage.ts'
import { xai } from './providers/xai.ts'
import { zai, zhipu } from './providers/zhipu.ts'

export const PROVIDERS: readonly Provider[] = [
  ...builtIn,
  openai,
  anthropic,
  google,
  googleVertex,
  googleVertexAnthropic,
  amazonBedrock,
  azureOpenai,
  azureOpenaiClassic,
  azureAiFoundry,
  mistral,
  codestral,
  cohere,
  xai,
  deepseek,
  groq,
  openrouter,
  perplexity,
  moonshot,
  moonshotCn,
  alibaba,
  alibabaCn,
  zhipu,
  zai,
  minimax,
  minimaxCn,
  volcengine,
  byteplus,
  bedrockMantle,
  anthropicAws,
  thinkingMachines,
  ...labs,
  ...maxTokens,
  ...clouds,
  ...europe,
  ...hosts,
  ...aggregators,
  ...china,
  ...ownAuth,
  ollama,
  vllm,
  ...selfHosted,
  voyage,
  jina,
  ...media,
  ...search,
  ...native,
]

const BY_ID: ReadonlyMap<string, Provider> = new Map(PROVIDERS.map((provider) => [provider.id, provider]))

export const findProvider = (id: string): Provider | undefined => BY_ID.get(id)

/** Providers whose id, name, kind, format or operation holds every word of `text`, the registry's order kept. */
export function searchProviders(text: string): Provider[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return PROVIDERS.filter((provider) => {
    const said = [
      provider.id,
      provider.name,
      provider.kind,
      ...provider.chat.map(({ protocol }) => protocol),
      ...operationsOf(provider),
    ]
    const whole = said.join(' ').toLowerCase()
    return words.every((word) => whole.includes(word))
  })
}

/** What the provider does beside chat, in any shape. */
export const operationsOf = ({ operations }: Provider): Operation[] => Object.values(operations).flat()

/** A provider that the environment switches on. Names only: the value of `key` is the secret and stays where it is. */
export type Found = {
  readonly provider: Provider
  /** The environment name that holds its key; absent for a server of one's own. */
  readonly key?: string
  readonly baseUrl?: string
  readonly variables: Readonly<Record<string, string>>
}

/**
 * The providers that `env` switches on: those with a key under a name of their own, and servers whose address it names. A name that
 * other tools or vendors use as well (`GITHUB_TOKEN`, `AWS_ACCESS_KEY_ID`) never does, and neither does a key without the variables
 * that the address needs.
 */
export function providersInEnvironment(env: Readonly<Record<string, string | undefined>>): Found[] {
  const first = (names: readonly string[] = []) => names.find((name) => env[name]?.trim())
  const found: Found[] = []
  for (const provider of PROVIDERS) {
    const key = first(provider.keys)
    const address = addressIn(env[first(provider.addresses) ?? ''])
    if (!key && !address) continue
    const variables: Record<string, string> = {}
    let whole = true
    for (const [name, variable] of Object.entries(provider.variables)) {
      const value = env[first(variable.environment) ?? '']?.trim()
      if (value) variables[name] = value
      else if (variable.default === undefined) whole = false
    }
    const held = key ?? first(provider.sharedKeys)
    if (whole || address)
      found.push({ provider, variables, ...(held && { key: held }), ...(address && { baseUrl: address }) })
  }
  return found
}

/** People write `127.0.0.1:11434` as well as a whole URL. */
function addressIn(given: string | undefined): string | undefined {
  const text = given?.trim()
  if (!text) return undefined
  const whole = /^https?:\/\//.test(text) ? text : `http://${text}`
  return URL.canParse(whole) ? whole.replace(/\/+$/, '') : undefined
}
