import { literal } from '../../lib/linear/parse.ts'
import { compileProgram } from '../../lib/linear/program.ts'
import { Scanner } from '../../lib/linear/scanner.ts'
import type { Finding, Matcher } from './matcher.ts'

/** What was masked in a request, so that the answer can have it back. Lives as long as the call and is never stored. */
export class Vault {
  readonly #places = new Map<string, string>()
  readonly #values = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  get isEmpty(): boolean {
    return this.#values.size === 0
  }

  /** The stand-in for a value: the same for the same value, so that the model can tell them apart. */
  hide(value: string, label: string): string {
    let place = this.#places.get(value)
    if (place === undefined) {
      const count = (this.#counts.get(label) ?? 0) + 1
      this.#counts.set(label, count)
      place = `[${label.toUpperCase()}_${count}]`
      this.#places.set(value, place)
      this.#values.set(place, value)
    }
    return place
  }

  valueOf(place: string): string | undefined {
    return this.#values.get(place)
  }

  /** Finds stand-ins in answers. */
  matcher(): Matcher {
    const alternatives = [...this.#values.keys()].map((place) => ({
      node: literal(place, false),
      before: 'none' as const,
      after: 'none' as const,
    }))
    return { label: RESTORED, scanner: new Scanner(compileProgram(alternatives)) }
  }

  restore(text: string, findings: readonly Finding[]): string {
    return replaceFindings(text, findings, (found) => this.#values.get(found) ?? found)
  }
}

/** Label of a stand-in that is to be replaced by what it stands for. */
export const RESTORED = 'restored'

export function replaceFindings(
  text: string,
  findings: readonly Finding[],
  replace: (found: string, finding: Finding) => string,
): string {
  let out = ''
  let from = 0
  for (const finding of findings) {
    out += text.slice(from, finding.start) + replace(text.slice(finding.start, finding.end), finding)
    from = finding.end
  }
  return out + text.slice(from)
}
