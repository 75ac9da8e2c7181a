import { expect, test } from 'bun:test'
import { lineOf } from './finding.ts'
import { locate } from './locate.ts'

const TEXT = `providers:
  - { id: a, type: opnai }
  - { id: b, type: openai-compatible }
aliases:
  - name: fast
    targets:
      - { provider: a, model: m }
      - { provider: nope, model: m }
`

test.each([
  ['providers.a', 'type "opnai" is not in the registry', 'f:2:20: providers[0].type: "opnai" is not in the registry'],
  ['providers.b', 'a provider of type x needs base_url', 'f:3:5: providers[1]: a provider of type x needs base_url'],
  [
    'aliases.fast',
    'targets[1].provider "nope" is not set up',
    'f:8:21: aliases[0].targets[1].provider: "nope" is not set up',
  ],
  ['aliases.elsewhere', 'targets[0] is wrong', 'f:1:1: aliases.elsewhere: targets[0] is wrong'],
])('%s: %s', (place, message, expected) => {
  expect(locate(TEXT, 'f', [{ place, message }]).map(lineOf)).toEqual([expected])
})
