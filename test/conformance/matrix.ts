// Official SDKs × vendors' formats × plain and streamed × scenarios, through a running gateway. `npm run conformance` prints it.
import { SECRET, sourceProvider, startTestGateway } from '../helpers/gateway.ts'
import { SCENARIOS, type Scenario } from '../vendors/scenario.ts'
import { startVendors } from '../vendors/server.ts'
import { aiDrivers } from './ai.ts'
import { anthropic } from './anthropic.ts'
import type { Driver } from './driver.ts'
import { gemini } from './gemini.ts'
import { judge } from './judge.ts'
import { openaiChat, openaiResponses } from './openai.ts'

export const DRIVERS: readonly Driver[] = [openaiChat, openaiResponses, anthropic, gemini, ...aiDrivers]

type Upstream = {
  readonly id: string
  readonly type: string
  readonly path: string
  readonly model: string
  readonly proofs: boolean
  /** Clients to whom it proves thoughts nonetheless, for it speaks their format too. */
  readonly provesTo?: RegExp
  /** Tokens from the cache, where the vendor does not tell them. */
  readonly cached?: number
}

/** Provider of the test gateway → its model's name, and whether its format has proofs of thinking. */
export const UPSTREAMS: readonly Upstream[] = [
  { id: 'chat', type: 'openai-compatible', path: '/openai/v1', model: 'gpt-4o', proofs: false },
  { id: 'responses', type: 'openai-responses-compatible', path: '/openai/v1', model: 'gpt-5', proofs: true },
  { id: 'anthropic', type: 'anthropic-compatible', path: '/anthropic/v1', model: 'claude-sonnet-4-5', proofs: true },
  { id: 'gemini', type: 'gemini-compatible', path: '/gemini/v1beta', model: 'gemini-3-pro', proofs: true },
  {
    id: 'azure',
    type: 'azure-openai-classic',
    path: '/azure/openai?api-version=2024-10-21',
    model: 'gpt-4o',
    proofs: false,
    provesTo: /responses/,
  },
  { id: 'bedrock', type: 'amazon-bedrock', path: '/bedrock', model: 'anthropic.claude-sonnet-4-5', proofs: true },
  { id: 'cohere', type: 'cohere', path: '/cohere/v2', model: 'command-a-reasoning', proofs: false, cached: 0 },
  { id: 'ollama', type: 'ollama', path: '/ollama', model: 'qwen3', proofs: false, cached: 0 },
]

/** A refusal has no word in Ollama's format. Its chat clients pass through to the other two formats that it serves. */
const LACKS: Readonly<Record<string, (driver: string, scenario: Scenario) => boolean>> = {
  ollama: (driver, scenario) => scenario === 'refusal' || !/responses|gemini|google/i.test(driver),
}

export type Cell = {
  readonly driver: string
  readonly upstream: string
  readonly stream: boolean
  readonly scenario: Scenario
  readonly wrong: readonly string[]
}

export async function runMatrix(
  options: { readonly only?: (cell: Omit<Cell, 'wrong'>) => boolean } = {},
): Promise<Cell[]> {
  const vendors = startVendors()
  const cells: Cell[] = []
  const providers = UPSTREAMS.map((upstream) =>
    sourceProvider(upstream.id, vendors.url + upstream.path, { type: upstream.type }),
  )
  const gateway = startTestGateway({ providers })
  try {
    // The failures come last: a gateway may rest a provider that fails.
    for (const scenario of SCENARIOS) {
      for (const upstream of UPSTREAMS) {
        for (const driver of DRIVERS) {
          for (const stream of [false, true]) {
            const cell = { driver: driver.name, upstream: upstream.id, stream, scenario }
            if (LACKS[upstream.id]?.(driver.name, scenario) || options.only?.(cell) === false) continue
            const place = { url: gateway.url, key: SECRET }
            const seen = await driver.run(place, `${upstream.id}/${upstream.model}--${scenario}`, scenario, stream)
            cells.push({
              ...cell,
              wrong: judge(
                scenario,
                seen,
                (upstream.proofs || upstream.provesTo?.test(driver.name) === true) &&
                  driver.forgets?.includes(upstream.id) !== true,
                upstream.cached,
              ),
            })
          }
        }
      }
    }
  } finally {
    await gateway.stop()
    vendors.stop()
  }
  return cells
}
