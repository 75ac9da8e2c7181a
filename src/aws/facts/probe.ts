import { AppError } from '../../errors.ts'
import { attempt, type MissingPermission, type Outcome } from '../attempt.ts'
import type { Aws } from '../clients.ts'

/** Failures of one question that leave the others worth asking. */
const PASSABLE: readonly string[] = ['invalid_request', 'conflict', 'upstream_failed', 'overloaded']

/** Asks AWS for facts and keeps account of what the caller may not see. */
export class Probe {
  readonly aws: Aws
  readonly failures: string[] = []
  private readonly denials = new Map<string, MissingPermission>()

  constructor(aws: Aws) {
    this.aws = aws
  }

  /** One question. That AWS refuses it for another reason than permission leaves the fact unknown too, and is told under `failures`. */
  async ask<T>(action: string, resource: string, call: () => Promise<T>): Promise<Outcome<T>> {
    const outcome = await attempt(action, resource, call).catch((error: unknown): Outcome<T> => {
      if (!(error instanceof AppError) || !PASSABLE.includes(error.code)) throw error
      this.failures.push(error.message)
      return { kind: 'denied', missing: { action, resource, message: error.message } }
    })
    if (this.failures.includes(outcome.kind === 'denied' ? outcome.missing.message : '')) return outcome
    if (outcome.kind === 'denied') {
      this.denials.set(`${outcome.missing.action} ${outcome.missing.resource}`, outcome.missing)
    }
    return outcome
  }

  note(missing: readonly MissingPermission[]): void {
    for (const one of missing) this.denials.set(`${one.action} ${one.resource}`, one)
  }

  get missing(): readonly MissingPermission[] {
    return [...this.denials.values()]
  }
}

/** Runs over distinct items, a few at a time: AWS throttles whoever asks for everything at once. */
export async function forEachOf<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await run(item)
  }
  await Promise.all(Array.from({ length: Math.min(4, items.length) }, worker))
}

/** Tags as AWS lists them, as an object. */
export function tagsFrom(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Record<string, string> | undefined {
  if (!tags || tags.length === 0) return undefined
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]))
}
