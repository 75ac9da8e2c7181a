import type { Scanner } from '../../lib/linear/scanner.ts'

/** Something found in a text. `label` says what kind of thing, never what it was. */
export type Finding = { readonly start: number; readonly end: number; readonly label: string }

/** Finds one kind of thing. */
export type Matcher = {
  readonly label: string
  readonly scanner: Scanner
  /** Where inside a candidate the thing itself is; none when it is a false alarm. Without it the candidate is the thing. */
  readonly refine?: (candidate: string) => readonly (readonly [start: number, end: number])[]
}

/** All things in a text, in order, none overlapping: of two that overlap the one that begins first counts, then the longer. */
export function findAll(matchers: readonly Matcher[], text: string, before = ''): Finding[] {
  const all: Finding[] = []
  for (const { label, scanner, refine } of matchers) {
    for (const { start, end } of scanner.findAll(text, before)) {
      if (!refine) all.push({ start, end, label })
      else
        for (const [from, to] of refine(text.slice(start, end)))
          all.push({ start: start + from, end: start + to, label })
    }
  }
  if (all.length < 2) return all
  all.sort((a, b) => a.start - b.start || b.end - a.end)
  const kept: Finding[] = []
  let reached = 0
  for (const finding of all) {
    if (finding.start < reached) continue
    kept.push(finding)
    reached = finding.end
  }
  return kept
}
