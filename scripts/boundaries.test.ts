import { expect, test } from 'bun:test'
import { crossings } from './boundaries.ts'

test.each([
  ['src/gateway/relay.ts', "import { x } from '../llm/spec.ts'", 0],
  ['src/gateway/relay.ts', "import { x } from '../control/keys.ts'", 1],
  ['src/gateway/relay.ts', "const x = await import('../store/db.ts')", 1],
  ['src/lib/time.ts', "import { AppError } from '../errors.ts'", 0],
  ['src/lib/time.ts', "import { x } from '../llm/spec.ts'", 1],
  ['src/errors.ts', "import { x } from './lib/time.ts'", 1],
  ['src/ecs/launch.ts', "import { x } from '../iam/evaluate.ts'", 0],
  ['src/app.ts', "import { x } from './gateway/listen.ts'", 0],
  ['console/pages/keys/list.tsx', "import { x } from '../../../src/contract/key.ts'", 0],
  ['console/pages/keys/list.tsx', "import { x } from '../../../src/store/db.ts'", 1],
  ['src/newroom/x.ts', '', 1],
])('%s: %s', (path, source, count) => {
  expect(crossings(path, source)).toHaveLength(count)
})
