import { expect, test } from 'bun:test'
import { blocksOf, commandsOf, showsSame } from './markdown.ts'

const PAGE = `text
\`\`\`sh
# a comment
one --flag \\
  --more
curl -d '{
  "a": 1 }' address
\`\`\`
\`\`\`yaml file=portreeve.yaml
version: 1
\`\`\`
\`\`\`console exits=1
$ two
printed … here
$ three
\`\`\`
`

test('blocks and their commands', () => {
  const blocks = blocksOf(PAGE)
  expect(blocks.map(({ language, notes, line }) => [language, notes, line])).toEqual([
    ['sh', {}, 2],
    ['yaml', { file: 'portreeve.yaml' }, 9],
    ['console', { exits: '1' }, 12],
  ])
  expect(commandsOf(blocks[0]!).map(({ command }) => command)).toEqual([
    'one --flag \\\n  --more',
    'curl -d \'{\n  "a": 1 }\' address',
  ])
  expect(commandsOf(blocks[2]!)).toEqual([
    { command: 'two', shown: ['printed … here'] },
    { command: 'three', shown: [] },
  ])
})

test.each([
  [['a', 'b'], 'a\nb\n', true],
  [['a … c'], 'a bbb c', true],
  [['a', '…', 'z'], 'a\nb\nc\nz', true],
  [['a', '…', 'z'], 'a\nz', true],
  [['a (b)'], 'a b', false],
  [['a'], 'a\nb', false],
  [['a', 'b'], 'a', false],
])('%j for %j: %p', (shown, printed, same) => {
  expect(showsSame(shown, printed)).toBe(same)
})
