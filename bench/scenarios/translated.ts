import { portkey, portreeve } from '../contenders.ts'
import { measurePlain } from '../load.ts'
import { defineScenario, type Contender } from '../scenario.ts'
import { PLAIN_COLUMNS } from './plain.ts'
import { measureStreams, STREAM_COLUMNS } from './streamed.ts'

/** The gateway as it is, but with the translated targets in the place of its own. */
function translating(contender: Contender, id: string, title: string): Contender {
  return {
    id,
    title,
    async start(bench) {
      const running = await contender.start(bench)
      if (!running.translated) throw new Error(`${contender.title} does not translate`)
      return { ...running, ...running.translated }
    },
  }
}

const contenders = [
  portreeve('same', 'Portreeve, same format'),
  translating(portreeve('portreeve'), 'portreeve', 'Portreeve, translated'),
  translating(portkey, 'portkey', 'Portkey, translated'),
]

export const translated = defineScenario({
  id: 'translated',
  title: 'OpenAI client, Anthropic upstream: plain JSON call, 64 connections, one core',
  contenders,
  columns: PLAIN_COLUMNS,
  rounds: 2,
  measure: (running, bench) => measurePlain(running, bench, 64),
  goals: [
    {
      says: 'CPU a translated request, over the same format',
      value: (median) => median('portreeve', 'cpuMicros') / median('same', 'cpuMicros'),
      unit: '×',
      atMost: 1.6,
    },
    {
      says: 'translated throughput on one core, over Portkey',
      value: (median) => median('portreeve', 'perSecond') / median('portkey', 'perSecond'),
      unit: '×',
      atLeast: 8,
    },
  ],
})

export const translatedStream = defineScenario({
  id: 'translated-stream',
  title: 'OpenAI client, Anthropic upstream: paced stream of 64 chunks, 100 connections, one core',
  contenders,
  columns: STREAM_COLUMNS,
  rounds: 2,
  measure: (running, bench) => measureStreams(running, bench),
  goals: [
    {
      says: 'CPU a translated stream, over the same format',
      value: (median) => median('portreeve', 'cpuMicros') / median('same', 'cpuMicros'),
      unit: '×',
      atMost: 2,
    },
  ],
})
