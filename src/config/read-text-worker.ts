// The thread that reads a portreeve.yaml: see read-text.ts. `bun build --compile` needs this file as an entry point of its own.
import { readConfigurationText } from './configuration-text.ts'
import { locate } from './locate.ts'
import type { TextAnswer, TextQuestion } from './read-text.ts'

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<TextQuestion>) => {
  try {
    const answer = 'read' in data ? readConfigurationText(...data.read) : locate(...data.locate)
    self.postMessage({ answer } satisfies TextAnswer)
  } catch (error) {
    self.postMessage({ error } satisfies TextAnswer)
  }
}
