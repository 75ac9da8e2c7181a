// What an outcome must be, whichever client asked and whichever vendor answered.
import { BREAK_TEXT, ERROR_TEXT, JSON_TEXT, REFUSAL, type Scenario, TEXT, THOUGHT, USAGE } from '../vendors/scenario.ts'
import type { Failure, Outcome } from './driver.ts'

const same = (one: unknown, other: unknown) => Bun.deepEquals(one, other)

const TWO_CALLS = [
  { name: 'weather', args: { city: 'Paris' } },
  { name: 'weather', args: { city: 'Rome', days: [1, 2] } },
]

/** What is wrong, in words; empty when all is well. `proofs` says whether the vendor signs its thoughts. */
export function judge(
  scenario: Scenario,
  { outcome, first }: { readonly outcome: Outcome | Failure; readonly first?: Outcome },
  proofs: boolean,
  cached = USAGE.cached,
): string[] {
  const wrong: string[] = []
  const expect = (what: string, seen: unknown, expected: unknown) => {
    if (!same(seen, expected)) wrong.push(`${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`)
  }
  if (scenario === 'error' || scenario === 'break') {
    if (!('failed' in outcome)) return [`no error, but ${JSON.stringify(outcome)}`]
    const text = scenario === 'error' ? ERROR_TEXT : BREAK_TEXT
    if (!outcome.message.includes(text)) wrong.push(`the error says "${outcome.message}" instead of "${text}"`)
    if (scenario === 'error') expect('status', outcome.status, 400)
    return wrong
  }
  if ('failed' in outcome) return [`failed: ${outcome.status ?? ''} ${outcome.message}`]
  const last = (text: string, finish = 'stop') => {
    expect('text', outcome.text, text)
    expect('finish', outcome.finish, finish)
    expect('calls', outcome.calls, [])
  }
  switch (scenario) {
    case 'text':
      last(TEXT)
      expect('usage', outcome.usage, {
        input: USAGE.input,
        output: USAGE.output + USAGE.reasoning,
        cached,
      })
      break
    case 'image':
      last('saw image/png 70')
      break
    case 'schema':
      expect('text', JSON.parse(outcome.text || 'null'), JSON.parse(JSON_TEXT))
      expect('finish', outcome.finish, 'stop')
      expect('calls', outcome.calls, [])
      break
    case 'length':
      last('Hello', 'length')
      break
    case 'refusal':
      expect('finish', outcome.finish, 'refusal')
      if (outcome.text !== '' && outcome.text !== REFUSAL) wrong.push(`text: ${outcome.text}`)
      break
    case 'tools':
      expect('text', outcome.text, 'I look it up. ')
      expect('calls', outcome.calls, [TWO_CALLS[0]])
      expect('finish', outcome.finish, 'tools')
      break
    case 'parallel':
      expect('first calls', first?.calls, TWO_CALLS)
      expect('first finish', first?.finish, 'tools')
      last('Paris: 21 °C and Rome: 25 °C')
      break
    case 'reasoning':
      expect('first reasoning', first?.reasoning, THOUGHT)
      expect('first calls', first?.calls, [TWO_CALLS[0]])
      last(proofs ? 'the seal is whole' : 'the seal is lost')
      break
  }
  return wrong
}
