import { z } from 'zod'
import { Fallback, Place, Retries, Share, SpecialFallbacks, Strategy, TimeoutOverrides, When } from './routing.ts'

/** One place that an alias may send a call to. Targets with the lowest `priority` are tried first. */
export const Target = z.strictObject({
  ...Place.shape,
  weight: z.number().min(0).max(1000).default(1),
  priority: z.int().min(0).max(100).default(0),
  when: When.optional(),
  /** As of a fallback. */
  continues_prefix: z.boolean().optional(),
})
export type Target = z.infer<typeof Target>

/** A model name of the company's own, which routes to targets. */
export const Alias = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,62}$/i, 'use letters, digits, ".", "_", ":" or "-"; no "/"'),
  targets: z.array(Target).min(1),
  strategy: Strategy.default('weighted'),
  /** What `sticky` holds on to: the key, the end user, or a header (`header:x-session-id`). */
  sticky_by: z
    .string()
    .regex(/^(key|end_user|header:[a-z0-9-]+)$/, 'use key, end_user or header:name')
    .default('key'),
  /** A share of the calls that tries this place first. */
  canary: Share.optional(),
  /** A share of the calls that is sent to this place as well; its answers are recorded and thrown away. */
  mirror: Share.optional(),
  /** Tried in this order when every target has failed. */
  fallbacks: z.array(Fallback).default([]),
  fallbacks_on: SpecialFallbacks.optional(),
  retries: Retries.optional(),
  /** Events of a stream that are held back while another target could still answer in its place. */
  hold_back: z.int().min(0).max(100).default(1),
  /** A stream of text that dies after its first events is continued by the next target that can go on from what was said. */
  continue_streams: z.boolean().default(false),
  timeouts: TimeoutOverrides.optional(),
})
export type Alias = z.infer<typeof Alias>
