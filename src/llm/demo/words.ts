import { hashOf } from './tokens.ts'
import { subjectOf } from './schema.ts'

const OPENINGS = [
  'Here is an answer from Portreeve’s built-in demo model.',
  'This is the demo model of Portreeve speaking; no vendor was called.',
  'Hello from Portreeve’s demo model: it runs inside the gateway and needs no key.',
]

const BODIES = [
  'Everything around it is real: the key was checked, the model was resolved, the tokens were counted, and the call is on record with its cost.',
  'The request went through the same steps as any other: identify, resolve, admit, attempt, relay and account.',
  'What you see arrives as a vendor would send it, token by token, and is metered in the same way.',
]

const CLOSINGS = [
  'Set a vendor’s key, such as OPENAI_API_KEY or ANTHROPIC_API_KEY, and start again to ask a real model.',
  'When you are ready, add a provider in portreeve.yaml and send the same request to its model.',
  'Try a tool, a JSON schema or an embedding next: the demo answers those as well.',
]

/** The demo's answer to a prompt: always the same for the same prompt and seed. `images` and `files` are counts of what came with it. */
export function answerTo(prompt: string, seed: number, attached: { images: number; files: number }): string {
  const turn = hashOf(prompt) + seed
  const said = prompt.length > 160 ? `${Array.from(prompt).slice(0, 157).join('')}…` : prompt
  const seen = [counted(attached.images, 'image'), counted(attached.files, 'file')].filter(Boolean).join(' and ')
  return [
    at(OPENINGS, turn),
    said ? `You asked: “${said}”` : 'Your message had no text.',
    ...(seen ? [`It came with ${seen}.`] : []),
    at(BODIES, turn >>> 3),
    at(CLOSINGS, turn >>> 6),
  ].join(' ')
}

export function reportOn(results: readonly { name: string; text: string }[], prompt: string): string {
  const lines = results.map(
    ({ name, text }) => `${name} answered ${text.length > 200 ? `${text.slice(0, 197)}…` : text}`,
  )
  return `${lines.join('; ')}. That is what the demo model knows about ${subjectOf(prompt) || 'your question'}.`
}

export function thoughtsOn(prompt: string): string {
  return `The question is about ${subjectOf(prompt) || 'nothing in particular'}. First look at what is asked, then at what is given; nothing more is needed, so answer.`
}

const at = (lines: readonly string[], turn: number): string => lines[Math.abs(turn) % lines.length]!
const counted = (count: number, noun: string): string => (count ? `${count} ${noun}${count > 1 ? 's' : ''}` : '')
