import { afterAll, describe, expect, it } from 'bun:test'
import { anthropic } from '../conformance/anthropic.ts'
import { gemini } from '../conformance/gemini.ts'
import { judge } from '../conformance/judge.ts'
import { openaiChat, openaiResponses } from '../conformance/openai.ts'
import { SCENARIOS } from './scenario.ts'
import { startVendors } from './server.ts'

const vendors = startVendors()
afterAll(() => vendors.stop())

const OWN = [
  [openaiChat, '/openai', 'gpt-4o', false],
  [openaiResponses, '/openai', 'gpt-5', true],
  [anthropic, '/anthropic', 'claude-sonnet-4-5', true],
  [gemini, '', 'gemini-3-pro', true],
] as const

describe("the fake vendors, asked by the vendors' own SDKs", () => {
  it.each(OWN.map((each) => [each[0].name, each] as const))('%s', async (_, [driver, root, model, proofs]) => {
    for (const scenario of SCENARIOS) {
      for (const stream of [false, true]) {
        const seen = await driver.run({ url: vendors.url + root, key: 'k' }, `${model}--${scenario}`, scenario, stream)
        expect({ scenario, stream, wrong: judge(scenario, seen, proofs) }).toEqual({
          scenario,
          stream,
          wrong: [],
        })
      }
    }
  })
})
