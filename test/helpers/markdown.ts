/** One fenced block of a page. */
export type Block = {
  readonly language: string
  /** What stands behind the language: `file=portreeve.yaml`, `exits=1`. */
  readonly notes: Readonly<Record<string, string>>
  readonly text: string
  /** Line of the page, from 1. */
  readonly line: number
}

/** One command of a block, with the output that the page shows for it (none for `sh` blocks). */
export type Typed = { readonly command: string; readonly shown: readonly string[] }

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  const lines = page.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, fence = '', language = '', rest = ''] = /^(```+)(\w+) *(.*)$/.exec(lines[at]!) ?? []
    if (!fence) continue
    const end = lines.indexOf(fence, at)
    if (end < 0) throw new Error(`line ${at + 1}: the block has no end`)
    const notes = Object.fromEntries(
      rest
        .split(/\s+/)
        .filter(Boolean)
        .map((note) => [note.split('=')[0]!, note.split('=')[1] ?? '']),
    )
    blocks.push({ language, notes, text: lines.slice(at + 1, end).join('\n'), line: at + 1 })
    at = end
  }
  return blocks
}

/** The commands of a `sh` block (every line) or a `console` block (lines behind `$ `, then what they print). */
export function commandsOf({ language, text }: Block): Typed[] {
  const typed: { command: string; shown: string[] }[] = []
  let open = false
  for (const line of text.split('\n')) {
    const last = typed.at(-1)
    if (open && last) last.command += `\n${line.replace(/^> /, '')}`
    else if (language === 'console' && line.startsWith('$ ')) typed.push({ command: line.slice(2), shown: [] })
    else if (language === 'console') last?.shown.push(line)
    else if (line.trim() && !line.trim().startsWith('#')) typed.push({ command: line, shown: [] })
    const command = typed.at(-1)?.command ?? ''
    open = command.endsWith('\\') || unbalanced(command)
  }
  return typed
}

/** Whether a quote is still open: then the command goes on in the next line. */
function unbalanced(command: string): boolean {
  return (command.match(/'/g) ?? []).length % 2 === 1
}

/** Whether output is what the page shows: line by line, where `…` stands for anything, and a lone `…` for any number of lines. */
export function showsSame(shown: readonly string[], printed: string): boolean {
  const pattern = shown
    .map((line) =>
      line.trim() === '…'
        ? '(?:.*\\n)*?'
        : `${line
            .trimEnd()
            .split('…')
            .map((text) => RegExp.escape(text))
            .join('.*')}[ \\t]*\\n`,
    )
    .join('')
  return new RegExp(`^${pattern}$`).test(`${printed.trimEnd()}\n`)
}
