import type { Scenario } from '../scenario.ts'
import { executionRole } from './execution-role.ts'
import { latency } from './latency.ts'
import { openStreams } from './open-streams.ts'
import { overload } from './overload.ts'
import { plain } from './plain.ts'
import { cached, policies, refusals } from './policies.ts'
import { start } from './start.ts'
import { streamed } from './streamed.ts'
import { translated, translatedStream } from './translated.ts'
import { workers } from './workers.ts'

/** Every scenario, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  plain,
  streamed,
  openStreams,
  latency,
  workers,
  start,
  translated,
  translatedStream,
  policies,
  refusals,
  cached,
  overload,
  executionRole,
]
