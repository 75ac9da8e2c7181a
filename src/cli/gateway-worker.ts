import { defineCommand } from './command.ts'
import { surviveReaders } from './io.ts'

/** Started by `portreeve start --workers N`, never by people. */
export const gatewayWorker = defineCommand({
  name: 'gateway-worker',
  summary: 'one gateway process of several',
  hidden: true,
  async run(_, io) {
    surviveReaders()
    const { runWorker } = await import('../app/worker.ts')
    await runWorker(io.env)
    // The listener would keep a process alive that has nobody left to work for.
    process.exit(0)
  },
})
