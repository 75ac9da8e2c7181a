import type { StepId } from '../need.ts'

/** What kind of thing went wrong; only `iam` is mended by a policy. */
export type Cause =
  'iam' | 'network' | 'existence' | 'configuration' | 'registry' | 'application' | 'capacity' | 'unknown'

/** Where ECS shows the text: an API's error, a service event, the task's stoppedReason, or a container's reason. */
export type Surface = 'api' | 'event' | 'task' | 'container'

/** One text of ECS: what it says, what it means. Preflight writes these texts, explain reads them. */
export type Row = {
  readonly id: string
  readonly step: StepId
  readonly surfaces: readonly Surface[]
  readonly cause: Cause
  /** How ECS words it, the current wording first. `{name}` stands for what differs from launch to launch. */
  readonly texts: readonly string[]
  /** The part of the text that never changes, for text whose quotes are straightened. */
  readonly match: RegExp
  readonly means: string
  readonly fix: string
  /** The action that was refused, where the text does not name it. */
  readonly action?: string
}

export function defineRows<const Id extends string>(
  rows: readonly (Row & { readonly id: Id })[],
): readonly (Row & { readonly id: Id })[] {
  return rows
}

/** Fills in a text's placeholders; one without value stays visible as `NAME`. */
export function renderText(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name.toUpperCase())
}
