import { AppError } from '../../errors.ts'
import type { JsonObject } from '../../llm/spec.ts'
import type { GuardSet, TextGuard } from './compile.ts'
import { findAll, type Finding, type Matcher } from './matcher.ts'
import { answerTexts, forgetLogprobs, saidIn } from './answer-text.ts'
import { calledTools, toolNames } from './called-tools.ts'
import type { Visit } from './open-walk.ts'
import { walkTexts } from './text-walk.ts'
import { replaceFindings, RESTORED, Vault } from './vault.ts'
import { askWebhook } from './webhook.ts'

type Side = 'input' | 'output'

/** The guards of one call at work. `counts` says how often each acted, and never on what. */
export class GuardRun {
  readonly counts: Record<string, number> = {}
  readonly set: GuardSet
  readonly #vault = new Vault()

  constructor(set: GuardSet) {
    this.set = set
  }

  /** Checks a request and masks in it, in place. Resolves to whether it was changed. Throws `content_filtered`. */
  async input(request: JsonObject): Promise<boolean> {
    this.#checkTools(toolNames(request), 'offers')
    let characters = 0
    let changed = false
    const guards = this.set.texts.filter(({ input }) => input)
    const texts: string[] = []
    const asks = this.set.webhooks.filter(({ on }) => on.includes('input'))
    const { unreadable } = walkTexts(request, (text, aside) => {
      const masked = this.#maskText(text, guards)
      if (!aside) {
        characters += text.length
        if (asks.length > 0) texts.push(masked)
      }
      if (masked === text) return undefined
      changed = true
      return masked
    })
    if (unreadable > 0) this.refuseUnreadable('input')
    this.#checkSize(characters, 'max_input_characters')
    this.#checkMessages(request)
    const replaced = await this.#ask(asks, 'input', texts)
    if (!replaced) return changed
    let index = 0
    walkTexts(request, (_, aside) => (aside ? undefined : replaced[index++]))
    return true
  }

  /** Checks a whole answer in the client's format, and masks or restores in it, in place. */
  async output(answer: JsonObject): Promise<boolean> {
    this.#checkTools(calledTools(answer), 'calls')
    const said = saidIn(answer)
    this.#checkSize(textsIn(said).join('').length, 'max_output_characters')
    let changed = false
    const change = (visit: Visit) => {
      const walked = walkTexts(answer, (text, aside) => {
        const other = visit(text, aside)
        if (other === undefined || other === text) return undefined
        changed = true
        return other
      })
      return walked.unreadable
    }
    const guards = this.outputGuards()
    if (change((text) => this.#maskText(text, guards)) > 0) this.refuseUnreadable('output')
    const asks = this.set.webhooks.filter(({ on }) => on.includes('output'))
    const replaced = asks.length > 0 ? await this.#ask(asks, 'output', textsIn(said)) : undefined
    if (replaced) {
      changed = true
      let index = 0
      walkTexts(said, (_, aside) => (aside ? undefined : replaced[index++]))
    }
    if (!this.#vault.isEmpty) {
      const restorer = [this.#vault.matcher()]
      change((text) => this.#vault.restore(text, findAll(restorer, text)))
    }
    for (const text of answerTexts(answer)) this.checkSchemas(text)
    if (changed) forgetLogprobs(answer)
    return changed
  }

  /** A text as it may be kept: with what the guards find in requests covered. */
  cover(text: string): string {
    let covered = text
    for (const { input, matchers } of this.set.texts)
      if (input)
        covered = replaceFindings(covered, findAll(matchers, covered), (_, { label }) => `[${label.toUpperCase()}]`)
    return covered
  }

  /** Whether something was hidden that the answer shall have back. */
  get hides(): boolean {
    return !this.#vault.isEmpty
  }

  outputGuards(): readonly TextGuard[] {
    return this.set.texts.filter(({ output }) => output)
  }

  /** Matchers for text that comes in pieces: of all guards, and for what is to be restored. */
  streamMatchers(): Matcher[] {
    const matchers = this.outputGuards().flatMap((guard) =>
      guard.matchers.map((matcher) => ({ ...matcher, label: `${guard.name}\0${matcher.label}` })),
    )
    return this.#vault.isEmpty ? matchers : [...matchers, this.#vault.matcher()]
  }

  /** Turns judged text of a stream into what is sent. Throws when a guard blocks it. */
  judge(text: string, findings: readonly Finding[]): string {
    if (findings.length === 0) return text
    return replaceFindings(text, findings, (found, { label }) => {
      if (label === RESTORED) return this.#vault.valueOf(found) ?? found
      const [name = '', kind = ''] = label.split('\0')
      const guard = this.set.texts.find((guard) => guard.name === name)
      this.#count(name, 1)
      if (guard?.action === 'block') throw blocked(name, 'answer', `1 ${kind}`)
      return `[${kind.toUpperCase()}]`
    })
  }

  /** The whole text of an answer must be what every schema accepts. */
  checkSchemas(text: string): void {
    for (const { name, accepts } of this.set.schemas) {
      let value: unknown
      try {
        value = JSON.parse(text)
      } catch {
        this.#count(name, 1)
        throw new AppError('upstream_invalid', `guard "${name}": the answer is not JSON, as its schema asks`)
      }
      if (accepts(value)) continue
      this.#count(name, 1)
      throw new AppError('upstream_invalid', `guard "${name}": the answer is not what its JSON Schema asks`)
    }
  }

  checkCalledTools(tools: readonly string[]): void {
    this.#checkTools(tools, 'calls')
  }

  checkOutputSize(characters: number): void {
    this.#checkSize(characters, 'max_output_characters')
  }

  /** What cannot be read cannot be checked: some guards refuse it. */
  refuseUnreadable(side: Side): void {
    const guard = this.set.texts.find((guard) => guard.refusesUnreadable && guard[side])
    if (!guard) return
    this.#count(guard.name, 1)
    const what = side === 'input' ? 'request' : 'answer'
    throw new AppError(
      'content_filtered',
      `guard "${guard.name}" refuses the ${what}: it holds images, audio, files or other things that cannot be read as text`,
    )
  }

  /** Whether webhooks look at answers: then a stream is held until it is whole. */
  get holdsStream(): boolean {
    return this.set.webhooks.some(({ on }) => on.includes('output'))
  }

  async askOutput(texts: readonly string[]): Promise<readonly string[] | undefined> {
    return await this.#ask(
      this.set.webhooks.filter(({ on }) => on.includes('output')),
      'output',
      texts,
    )
  }

  #maskText(text: string, guards: readonly TextGuard[]): string {
    let masked = text
    for (const guard of guards) {
      const findings = findAll(guard.matchers, masked)
      if (findings.length === 0) continue
      this.#count(guard.name, findings.length)
      if (guard.action === 'block') throw blocked(guard.name, 'text', summary(findings))
      masked = replaceFindings(masked, findings, (found, { label }) =>
        guard.action === 'restore' ? this.#vault.hide(found, label) : `[${label.toUpperCase()}]`,
      )
    }
    return masked
  }

  async #ask(
    webhooks: GuardSet['webhooks'],
    side: Side,
    texts: readonly string[],
  ): Promise<readonly string[] | undefined> {
    let current: readonly string[] | undefined
    for (const webhook of webhooks) {
      const verdict = await askWebhook(webhook, side, current ?? texts)
      if (verdict === 'allow') continue
      this.#count(webhook.name, 1)
      if (verdict === 'block') throw blocked(webhook.name, side === 'input' ? 'request' : 'answer', 'its own rules')
      current = verdict
    }
    return current
  }

  #checkTools(names: readonly string[], verb: 'offers' | 'calls'): void {
    for (const { name, allows } of this.set.tools)
      for (const tool of names) {
        if (allows(tool)) continue
        this.#count(name, 1)
        const who = verb === 'offers' ? 'the request offers' : 'the answer calls'
        throw new AppError('content_filtered', `guard "${name}": ${who} the tool "${tool}", which is not allowed`)
      }
  }

  #checkSize(characters: number, bound: 'max_input_characters' | 'max_output_characters'): void {
    for (const guard of this.set.sizes) {
      const limit = guard[bound]
      if (limit === undefined || characters <= limit) continue
      this.#count(guard.name, 1)
      const what = bound === 'max_input_characters' ? 'request' : 'answer'
      throw new AppError(
        'content_filtered',
        `guard "${guard.name}": the ${what} has more than ${limit} characters of text`,
      )
    }
  }

  #checkMessages(request: JsonObject): void {
    const list = request['messages'] ?? request['contents'] ?? request['input']
    const count = Array.isArray(list) ? list.length : 0
    for (const guard of this.set.sizes) {
      if (guard.max_messages === undefined || count <= guard.max_messages) continue
      this.#count(guard.name, 1)
      throw new AppError(
        'content_filtered',
        `guard "${guard.name}": the request has more than ${guard.max_messages} messages`,
      )
    }
  }

  #count(name: string, times: number): void {
    this.counts[name] = (this.counts[name] ?? 0) + times
  }
}

function textsIn(value: JsonObject): string[] {
  const texts: string[] = []
  walkTexts(value, (text, aside) => {
    if (!aside) texts.push(text)
    return undefined
  })
  return texts
}

function summary(findings: readonly Finding[]): string {
  const counts = new Map<string, number>()
  for (const { label } of findings) counts.set(label, (counts.get(label) ?? 0) + 1)
  return [...counts].map(([label, count]) => `${count} ${label}`).join(', ')
}

function blocked(name: string, what: string, why: string): AppError {
  return new AppError('content_filtered', `guard "${name}" refuses the ${what}: found ${why}`)
}
