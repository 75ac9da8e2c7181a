/** Terms of one list must all hold, and one list must. A term is a mark and a text: `=` is, `^` begins, `$` ends, `*` holds, `/` is a pattern. */
export type Match = readonly (readonly string[])[]

/** Whether a model's name in lower case is meant. */
export function matches(match: Match, name: string): boolean {
  return match.some((terms) => terms.every((term) => holds(term, name)))
}

function holds(term: string, name: string): boolean {
  const text = term.slice(1)
  switch (term[0]) {
    case '=':
      return name === text
    case '^':
      return name.startsWith(text)
    case '$':
      return name.endsWith(text)
    case '*':
      return name.includes(text)
    case '/':
      return new RegExp(text).test(name)
    default:
      return false
  }
}

/** `…-20250929` as `…-2025-09-29`, where that is a day: some vendors write the one and list the other. Nothing when there is none. */
export function withDashedDay(name: string): string | undefined {
  const dashed = name.replaceAll(
    /-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g,
    (whole, year, month, day) => {
      const date = `${year}-${month}-${day}`
      const made = new Date(`${date}T00:00:00Z`)
      return !Number.isNaN(made.getTime()) && made.toISOString().startsWith(date) ? `-${date}` : whole
    },
  )
  return dashed === name ? undefined : dashed
}
