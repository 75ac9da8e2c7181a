import { z } from 'zod'

/** How every endpoint of the management API says no: RFC 9457, `application/problem+json`. */
export const Problem = z.object({
  /** Stable: the section of the documentation that explains the code. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** What is wrong and what to do about it, in words. */
  detail: z.string(),
  /** The path that was asked. */
  instance: z.string(),
  /** A code of `errors.ts`. */
  code: z.string(),
  request_id: z.string(),
  /** The fields at fault, as JSON pointers into the body, or `?name` for the query. */
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  /** Milliseconds after which the same request may succeed. */
  retry_after_ms: z.number().optional(),
})
export type Problem = z.infer<typeof Problem>
