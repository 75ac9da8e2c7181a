/** Compiles a pattern in which `*` stands for any text into a test that takes linear time. */
export function compileWildcard(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return (text) => text === pattern
  const first = parts[0]!
  const last = parts.at(-1)!
  const middle = parts.slice(1, -1).filter((part) => part !== '')
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
    let from = first.length
    const end = text.length - last.length
    for (const part of middle) {
      const at = text.indexOf(part, from)
      if (at < 0 || at + part.length > end) return false
      from = at + part.length
    }
    return true
  }
}

/** One test for many patterns: true when any of them takes the name. Exact names are looked up. */
export function compileWildcards(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.includes('*')) return () => true
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const tests = patterns.filter((pattern) => pattern.includes('*')).map(compileWildcard)
  return (name) => exact.has(name) || tests.some((test) => test(name))
}
