import { Fragment, type ReactNode } from 'react'
import { CodeBlock } from './copy.tsx'

const INLINE =
  /(`+)([\s\S]+?)\1|\*\*([\s\S]+?)\*\*|__([\s\S]+?)__|~~([\s\S]+?)~~|\*([^*\s][^*]*?)\*|!?\[([^\]]*)\]\(([^)\s]*)(?:\s+"[^"]*")?\)|(https?:\/\/[^\s<>"')\]]+)/

/** Only these reach an `href`; anything else stays text. */
function safeLink(url: string): string | null {
  try {
    const { protocol, href } = new URL(url)
    return protocol === 'https:' || protocol === 'http:' || protocol === 'mailto:' ? href : null
  } catch {
    return null
  }
}

function inline(text: string, depth = 0): ReactNode {
  const match = depth < 12 ? INLINE.exec(text) : null
  if (!match) return text
  const [whole, , code, bold, bold2, gone, italic, label, target, bare] = match
  const before = text.slice(0, match.index)
  const after = text.slice(match.index + whole.length)
  let node: ReactNode
  if (code !== undefined) node = <code>{code}</code>
  else if (bold ?? bold2) node = <strong>{inline(bold ?? bold2 ?? '', depth + 1)}</strong>
  else if (gone !== undefined) node = <del>{inline(gone, depth + 1)}</del>
  else if (italic !== undefined) node = <em>{inline(italic, depth + 1)}</em>
  else {
    const href = safeLink(target ?? bare ?? '')
    // A picture would be a request to another host: its description links there instead.
    const words = label ? inline(label, depth + 1) : (target ?? bare)
    node = href ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {words}
      </a>
    ) : (
      (words ?? whole)
    )
  }
  return (
    <>
      {before}
      {node}
      {inlineRest(after)}
    </>
  )
}

/** What follows on the same level, without nesting deeper for each match. */
function inlineRest(text: string): ReactNode {
  const parts: ReactNode[] = []
  let rest = text
  for (let guard = 0; rest && guard < 2000; guard++) {
    const match = INLINE.exec(rest)
    if (!match) break
    parts.push(<Fragment key={guard}>{inline(rest.slice(0, match.index + match[0].length))}</Fragment>)
    rest = rest.slice(match.index + match[0].length)
  }
  return (
    <>
      {parts}
      {rest}
    </>
  )
}

const LIST = /^\s*(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/
const cells = (line: string) =>
  line
    .replace(/^\s*\||\|\s*$/g, '')
    .split('|')
    .map((cell) => cell.trim())

function blocks(lines: readonly string[], codeLabel: string, depth = 0): ReactNode[] {
  const out: ReactNode[] = []
  let at = 0
  const takeWhile = (test: (line: string) => boolean): string[] => {
    const taken: string[] = []
    while (at < lines.length && test(lines[at] ?? '')) taken.push(lines[at++] ?? '')
    return taken
  }
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const key = at
    const fence = /^\s*(`{3,}|~{3,})\s*([\w+-]*)/.exec(line)
    const heading = /^(#{1,6})\s+(.*)$/.exec(line)
    if (!line.trim()) at++
    else if (fence) {
      at++
      const code = takeWhile((each) => !each.trim().startsWith(fence[1] ?? '```'))
      at++
      out.push(<CodeBlock key={key} code={code.join('\n')} label={fence[2] || codeLabel} />)
    } else if (heading) {
      at++
      // The page has its own headings: those of an answer are strong lines, not landmarks.
      out.push(
        <p key={key} style={{ fontWeight: 640, fontSize: `${1.25 - (heading[1]?.length ?? 1) * 0.05}em` }}>
          {inline(heading[2] ?? '')}
        </p>,
      )
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      at++
      out.push(<hr key={key} />)
    } else if (/^\s*>/.test(line) && depth < 6) {
      const quoted = takeWhile((each) => /^\s*>/.test(each)).map((each) => each.replace(/^\s*>\s?/, ''))
      out.push(<blockquote key={key}>{blocks(quoted, codeLabel, depth + 1)}</blockquote>)
    } else if (LIST.test(line)) {
      const ordered = LIST.exec(line)?.[2]
      const items: string[][] = []
      for (const each of takeWhile((next) => LIST.test(next) || /^\s{2,}\S/.test(next))) {
        const item = /^\s{0,1}(?=\S)/.test(each) || items.length === 0 ? LIST.exec(each) : null
        if (item) items.push([item[3] ?? ''])
        else items.at(-1)?.push(each.replace(/^\s{2,4}/, ''))
      }
      const content = items.map((item, index) => (
        <li key={index}>
          {item.length > 1 && depth < 6 ? blocks(item, codeLabel, depth + 1) : inline(item.join(' '))}
        </li>
      ))
      out.push(
        ordered ? (
          <ol key={key} start={Number(ordered)}>
            {content}
          </ol>
        ) : (
          <ul key={key}>{content}</ul>
        ),
      )
    } else if (
      line.includes('|') &&
      /^\s*\|?\s*:?-{2,}.*$/.test(lines[at + 1] ?? '') &&
      (lines[at + 1] ?? '').includes('-')
    ) {
      at += 2
      const rows = takeWhile((each) => each.includes('|'))
      out.push(
        <table key={key}>
          <thead>
            <tr>
              {cells(line).map((cell, index) => (
                <th key={index}>{inline(cell)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {cells(row).map((cell, column) => (
                  <td key={column}>{inline(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>,
      )
    } else {
      const text = takeWhile(
        (each) =>
          Boolean(each.trim()) && !/^\s*(`{3,}|~{3,}|>|#{1,6}\s)/.test(each) && (each === line || !LIST.test(each)),
      )
      out.push(<p key={key}>{inline(text.join('\n'))}</p>)
    }
  }
  return out
}

/** What a model wrote, as elements: no HTML of its own, no images, no addresses but web and mail. */
export function Markdown({ text, codeLabel = 'code' }: { text: string; codeLabel?: string }) {
  return <div className="markdown">{blocks(text.split(/\r?\n/), codeLabel)}</div>
}
