import { describe, expect, test } from 'bun:test'
import { array, assert, boolean, nat, property, stringMatching } from 'fast-check'
import type { StreamPart } from '../../llm/spec.ts'
import { StreamJoint } from './joint.ts'

const say = (text: string, index = 0): StreamPart => ({ type: 'text-delta', index, text })
const begin: StreamPart = { type: 'text-start', index: 0 }
const end: StreamPart = { type: 'text-end', index: 0 }
const finish: StreamPart = { type: 'finish', reason: { unified: 'stop' } }

/** What two targets say, as one: the first is cut, the second goes on. */
function join(first: readonly StreamPart[], second: readonly StreamPart[], turn = ''): StreamPart[] {
  const joint = new StreamJoint()
  const out = first.flatMap((part) => joint.take(part))
  joint.resume(turn)
  return [...out, ...second.flatMap((part) => joint.take(part))]
}

const textOf = (parts: readonly StreamPart[]) =>
  parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('')

test.each<[string, string[], string[], string, string]>([
  ['goes on', ['Hel'], ['lo'], '', 'Hello'],
  ['repeats the white space', ['Hi '], [' you'], '', 'Hi you'],
  ['repeats it in pieces', ['Hi\n', '  '], ['\n', '  you'], '', 'Hi\n  you'],
  ['leaves it out', ['Hi '], ['you'], '', 'Hi you'],
  ['writes more of it', ['Hi\n'], ['\n  you'], '', 'Hi\n  you'],
  ['writes other white space', ['Hi '], ['\nyou'], '', 'Hi \nyou'],
  ['repeats everything', ['Hel'], ['Hello'], 'Hel', 'Hello'],
  ['repeats everything in pieces', ['Hel', 'lo '], ['H', 'ell', 'o w', 'orld'], 'Hello', 'Hello world'],
  ['repeats what the client began too', ['lo '], ['Hello w'], 'Hello', 'lo w'],
  ['might repeat, and does not', ['Hel'], ['H', 'ey'], 'Hel', 'HelHey'],
  ['says nothing', ['Hel'], [], '', 'Hel'],
  ['says a part of it and ends', ['Hello'], ['He'], 'Hello', 'HelloHe'],
])('the next target %s', (_, first, second, turn, text) => {
  const parts = join(
    [begin, ...first.map((piece) => say(piece))],
    [begin, ...second.map((piece) => say(piece)), end, finish],
    turn,
  )
  expect(textOf(parts)).toBe(text)
  expect(parts.filter(({ type }) => type === 'text-start')).toHaveLength(1)
  expect(parts.filter(({ type }) => type === 'text-end')).toHaveLength(1)
})

describe('blocks', () => {
  const call: StreamPart[] = [
    { type: 'tool-call-start', index: 0, id: 'c', name: 'tide' },
    { type: 'tool-call-end', index: 0 },
  ]
  test.each<[string, StreamPart[], StreamPart[], [StreamPart['type'], number | undefined][]]>([
    [
      'text that goes on stays one',
      [begin, say('a')],
      [begin, say('b'), end, finish],
      [
        ['text-start', 0],
        ['text-delta', 0],
        ['text-delta', 0],
        ['text-end', 0],
        ['finish', undefined],
      ],
    ],
    [
      'text that had ended goes on',
      [begin, say('a'), end],
      [begin, say('b'), end, finish],
      [
        ['text-start', 0],
        ['text-delta', 0],
        ['text-delta', 0],
        ['text-end', 0],
        ['finish', undefined],
      ],
    ],
    [
      'a call ends the text of the others',
      [begin, say('a')],
      call,
      [
        ['text-start', 0],
        ['text-delta', 0],
        ['text-end', 0],
        ['tool-call-start', 1],
        ['tool-call-end', 1],
      ],
    ],
    [
      'the beginning is told once',
      [{ type: 'response-start' }, begin, say('a')],
      [{ type: 'response-start' }, begin, say('b')],
      [
        ['response-start', undefined],
        ['text-start', 0],
        ['text-delta', 0],
        ['text-delta', 0],
      ],
    ],
  ])('%s', (_, first, second, expected) => {
    expect(join(first, second).map((part) => [part.type, 'index' in part ? part.index : undefined])).toEqual(expected)
  })
})

test.each<[string, StreamPart[], string | undefined]>([
  ['nothing', [], ''],
  ['text', [begin, say('a'), say('b')], 'ab'],
  ['half a character', [begin, say('a\ud83d')], undefined],
  ['an open thought', [{ type: 'reasoning-start', index: 0 }], undefined],
  [
    'a thought that ended',
    [
      { type: 'reasoning-start', index: 0 },
      { type: 'reasoning-end', index: 0 },
      { type: 'text-start', index: 1 },
      say('a', 1),
    ],
    'a',
  ],
  ['a call', [begin, say('a'), end, { type: 'tool-call-start', index: 1, id: 'c', name: 'tide' }], undefined],
  ['a second answer', [begin, say('a'), { type: 'text-start', index: 1, choice: 1 }], undefined],
  ['the reason of the end', [begin, say('a'), end, finish], undefined],
  ['an event that nobody knows', [{ type: 'raw', protocol: 'openai-responses', value: {} }], undefined],
  ['more than is kept', [begin, say('a'.repeat(1024 * 1024 + 1))], undefined],
])('after %s', (_, parts, text) => {
  const joint = new StreamJoint()
  for (const part of parts) joint.take(part)
  expect(joint.text).toBe(text)
})

test('however a text is cut and repeated, it comes out once', () => {
  const words = stringMatching(/^[ab \n]{1,12}$/)
  const pieces = (text: string, cuts: readonly number[]) => {
    const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b)
    return [0, ...at].map((from, index) => say(text.slice(from, [...at, text.length][index])))
  }
  assert(
    property(words, words, array(nat(20), { maxLength: 4 }), boolean(), (first, rest, cuts, echoes) => {
      // Who goes on writes the white space anew, for it was not told.
      const told = first.trimEnd()
      const space = first.slice(told.length)
      const answer = (echoes ? told : '') + space + rest
      const out = join([begin, ...pieces(first, cuts)], [begin, ...pieces(answer, cuts), end], echoes ? told : '')
      expect(textOf(out)).toBe(first + rest)
    }),
    { numRuns: 2_000 },
  )
})
