import type { Command } from './command.ts'

const WIDTH = 100

function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.min(34, Math.max(...rows.map(([name]) => name.length)) + 2)
  return rows
    .map(([name, about]) => {
      const lines = wrap(about, WIDTH - left - 2)
      const first = name.length + 2 > left ? [`  ${name}`, ...lines.map((line) => ' '.repeat(left + 2) + line)] : null
      if (first) return first.join('\n')
      return lines.map((line, index) => `  ${(index === 0 ? name : '').padEnd(left)}${line}`).join('\n')
    })
    .join('\n')
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line && line.length + word.length + 1 > width) {
      lines.push(line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  return [...lines, line]
}

/** The overview that `portreeve help` prints: every command, grouped by noun. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.filter(({ hidden }) => !hidden).map((command) => [command.name, command.summary] as const)
  return [
    'Portreeve: one gate for every AI model and API, and the ECS execution role it needs.',
    '',
    'Usage: portreeve COMMAND [options]',
    '',
    columns(rows),
    '',
    'Every command takes --json and --help. Exit codes: 0 ok, 1 failed, 2 wrong usage.',
    '',
  ].join('\n')
}

export function commandHelp(command: Command): string {
  const positionals = (command.positionals ?? []).map((positional) => {
    const name = positional.many ? `${positional.name}…` : positional.name
    return positional.required ? name : `[${name}]`
  })
  const options = Object.entries(command.options ?? {}).map(([name, option]) => {
    const head = option.value ? `--${name} ${option.value}${option.many ? '…' : ''}` : `--${name}`
    const notes = [
      option.required ? 'required' : '',
      option.choices ? `one of ${option.choices.join(', ')}` : '',
      option.default ? `default ${option.default}` : '',
    ].filter(Boolean)
    return [head, notes.length ? `${option.about} (${notes.join('; ')})` : option.about] as const
  })
  const all = [...options, ['--json', 'print JSON for programs'] as const, ['--help', 'print this help'] as const]
  const parts = [
    `portreeve ${command.name}: ${command.summary}`,
    '',
    ['Usage: portreeve', command.name, ...positionals, '[options]'].join(' '),
  ]
  if (command.about) parts.push('', ...command.about.split('\n').flatMap((line) => wrap(line, WIDTH)))
  if (command.positionals?.length) parts.push('', columns(command.positionals.map((p) => [p.name, p.about] as const)))
  parts.push('', 'Options:', columns(all))
  if (command.examples?.length) parts.push('', 'Examples:', ...command.examples.map((example) => `  ${example}`))
  return `${parts.join('\n')}\n`
}
