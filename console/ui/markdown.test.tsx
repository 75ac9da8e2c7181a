import { MantineProvider } from '@mantine/core'
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { renderToStaticMarkup } from 'react-dom/server'
import { Markdown } from './markdown.tsx'

const html = (text: string) =>
  renderToStaticMarkup(
    <MantineProvider withCssVariables={false} withGlobalClasses={false}>
      <Markdown text={text} />
    </MantineProvider>,
  ).replace(/^<div class="markdown">|<\/div>$/g, '')

test.each([
  ['a **b** *c* `d` ~~e~~', '<p>a <strong>b</strong> <em>c</em> <code>d</code> <del>e</del></p>'],
  ['- a\n- b', '<ul><li>a</li><li>b</li></ul>'],
  ['3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
  ['> q', '<blockquote><p>q</p></blockquote>'],
  [
    '[x](https://a.example/b)',
    '<p><a href="https://a.example/b" target="_blank" rel="noopener noreferrer nofollow">x</a></p>',
  ],
  ['[x](javascript:alert(1))', '<p>x)</p>'],
  ['[x](data:text/html,1)', '<p>x</p>'],
  ['<b>x</b>', '<p>&lt;b&gt;x&lt;/b&gt;</p>'],
  [
    '![alt](https://a.example/p.png)',
    '<p><a href="https://a.example/p.png" target="_blank" rel="noopener noreferrer nofollow">alt</a></p>',
  ],
  [
    '| a | b |\n|---|---|\n| 1 | 2 |',
    '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>',
  ],
  ['**not closed', '<p>**not closed</p>'],
])('%s', (text, expected) => {
  expect(html(text)).toBe(expected)
})

test('whatever a model writes, no element but the few known ones, no handler, no odd address', () => {
  const piece = fc.constantFrom(
    '<script>',
    '<img onerror=x>',
    '[',
    '](',
    ')',
    'javascript:',
    '**',
    '`',
    '```',
    '\n',
    '|',
    '> ',
    '- ',
    '1. ',
    '# ',
    'https://a.b',
    'text ',
    '_',
    '~~',
    '&lt;',
    '"',
    "'",
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const out = html(pieces.join(''))
      for (const [, name = ''] of out.matchAll(/<([a-z0-9]+)/g))
        expect(
          'p strong em del code pre a ul ol li blockquote table thead tbody tr th td hr div span button svg path'.split(
            ' ',
          ),
        ).toContain(name)
      for (const [, href = ''] of out.matchAll(/\shref="([^"]*)"/g)) expect(href).toMatch(/^(https?|mailto):/)
    }),
    { numRuns: 300 },
  )
}, 60_000)

test('a long answer is rendered in time that grows with its length', () => {
  const started = performance.now()
  html('**a** `b` [c](https://d.example) '.repeat(400))
  html('*'.repeat(20_000))
  html('['.repeat(20_000))
  expect(performance.now() - started).toBeLessThan(5_000)
})
