import type { Explanation } from '../contract/api/calls.ts'
import type { CallRecord } from '../contract/call.ts'

type Said = {
  readonly blame: Explanation['blame']
  readonly what: (call: CallRecord) => string
  readonly remedy: (call: CallRecord) => string
}

const where = (call: CallRecord) => call.provider ?? 'the provider'
const key = (call: CallRecord) => (call.key_name ? `the key ${call.key_name}` : 'the key')
const tries = (call: CallRecord) => (call.attempts.length > 1 ? ` after ${call.attempts.length} tries` : '')
const lastStatus = (call: CallRecord) => call.attempts.at(-1)?.status

/** By error code: who must act, what happened, what to do. */
const EXPLANATIONS: Readonly<Record<string, Said>> = {
  missing_api_key: {
    blame: 'client',
    what: () => 'The request carried no API key.',
    remedy: () => 'Send it as "Authorization: Bearer prk_live_…".',
  },
  invalid_api_key: {
    blame: 'client',
    what: () => 'The key is not known here.',
    remedy: () => 'Check that it was copied whole, and that it belongs to this gateway; else create another.',
  },
  revoked_api_key: {
    blame: 'client',
    what: (call) => `${key(call)} was revoked.`,
    remedy: () => 'Give the client another key.',
  },
  expired_api_key: {
    blame: 'client',
    what: (call) => `${key(call)} has expired.`,
    remedy: () => 'Change its expires_at, or give the client another key.',
  },
  model_not_allowed: {
    blame: 'client',
    what: (call) => `${key(call)} may not use ${call.model_asked ?? 'that model'}.`,
    remedy: () => 'Add the model to the key, or use one it has.',
  },
  model_not_found: {
    blame: 'client',
    what: (call) => `There is no model or alias ${call.model_asked ?? 'of that name'}.`,
    remedy: () => 'Use provider/model, or create an alias of that name.',
  },
  unknown_path: {
    blame: 'client',
    what: () => 'The gateway has nothing at that path.',
    remedy: () => 'Check the base URL of the client: it ends in /v1.',
  },
  method_not_allowed: {
    blame: 'client',
    what: () => 'The path does not take that method.',
    remedy: () => 'Most paths take POST.',
  },
  invalid_json: {
    blame: 'client',
    what: () => 'The body is not JSON.',
    remedy: () => 'The answer named the position of the mistake.',
  },
  invalid_request: {
    blame: 'client',
    what: (call) => (lastStatus(call) ? `${where(call)} refused the request as invalid.` : 'The request is not valid.'),
    remedy: () => 'The answer named the parameter.',
  },
  unsupported_parameter: {
    blame: 'client',
    what: (call) => `${where(call)} cannot take a parameter of the request, and the key asks to be refused then.`,
    remedy: () => 'Leave the parameter out, choose another model, or set on_unsupported of the key to drop.',
  },
  context_length_exceeded: {
    blame: 'client',
    what: (call) => `The prompt is longer than ${call.model_served ?? 'the model'} can take.`,
    remedy: () => 'Shorten it, or give the alias a fallback with a larger context.',
  },
  content_filtered: {
    blame: 'client',
    what: (call) => `${where(call)} or a guard refused the content.`,
    remedy: () => 'See the guards of this call; else the provider’s own filter decided.',
  },
  body_too_large: {
    blame: 'client',
    what: () => 'The request body is larger than allowed.',
    remedy: () => 'Send less, or raise max_body_bytes.',
  },
  budget_exceeded: {
    blame: 'limit',
    what: (call) => `A budget that covers ${key(call)} is used up.`,
    remedy: () => 'Raise the budget, or wait for its next period.',
  },
  quota_exceeded: {
    blame: 'limit',
    what: (call) =>
      lastStatus(call) === 429
        ? `The balance or quota at ${where(call)} is used up.`
        : 'A limit of the day is used up.',
    remedy: () => 'Raise it, or wait for its next period.',
  },
  rate_limited: {
    blame: 'limit',
    what: (call) =>
      lastStatus(call) === 429
        ? `${where(call)} limits the rate${tries(call)}.`
        : `A limit that covers ${key(call)} was reached.`,
    remedy: (call) =>
      lastStatus(call) === 429
        ? 'Add a key or a fallback to the alias, or ask the vendor for more.'
        : 'Slow down, or raise the limit.',
  },
  client_closed: {
    blame: 'client',
    what: () => 'The client left before the answer was complete; the provider was told to stop.',
    remedy: () => 'If that was no one’s wish, raise the client’s timeout.',
  },
  mirror_stopped: {
    blame: 'gateway',
    what: (call) => `The copy at ${where(call)} said far more than the answer, and was not read to its end.`,
    remedy: () => 'The client’s own answer is not concerned. See why the model of the mirror does not end.',
  },
  upstream_failed: {
    blame: 'provider',
    what: (call) =>
      lastStatus(call)
        ? `${where(call)} answered ${lastStatus(call)}${tries(call)}.`
        : `The connection to ${where(call)} failed${tries(call)}.`,
    remedy: () => 'Test the provider; give the alias another target to fall back to.',
  },
  upstream_invalid: {
    blame: 'provider',
    what: (call) => `${where(call)} sent what its format does not allow, or ended its answer early.`,
    remedy: () => 'Test the provider, and check that its type is the right one.',
  },
  upstream_unauthorized: {
    blame: 'provider',
    what: (call) => `${where(call)} refused the gateway's own key.`,
    remedy: () => 'Enter a valid key for the provider and test it.',
  },
  upstream_timeout: {
    blame: 'provider',
    what: (call) =>
      call.first_byte_ms === null
        ? `${where(call)} did not begin to answer in time${tries(call)}.`
        : `${where(call)} fell silent in the middle of its answer.`,
    remedy: () => 'Raise the provider’s timeouts if such calls are expected; else add a fallback.',
  },
  provider_unavailable: {
    blame: 'provider',
    what: (call) =>
      `No target for ${call.model_asked ?? 'the model'} could be used: each rests after failures or has no key.`,
    remedy: () => 'Test the providers of the alias; add another target.',
  },
  limits_unavailable: {
    blame: 'gateway',
    what: (call) =>
      `A limit or budget that covers ${key(call)} is counted over all nodes, and Redis could not be reached.`,
    remedy: () => 'See why Redis is away; sharing.on_loss: open lets each node count for itself meanwhile.',
  },
  overloaded: {
    blame: 'gateway',
    what: () => 'The gateway itself had too much to do.',
    remedy: () => 'Add workers or nodes.',
  },
  not_ready: { blame: 'gateway', what: () => 'The gateway was starting or stopping.', remedy: () => 'Try again.' },
  loop_detected: {
    blame: 'gateway',
    what: () => 'The request came back to the gateway it started from.',
    remedy: () => 'Check that no provider’s base_url leads back here.',
  },
  internal: {
    blame: 'gateway',
    what: () => 'The gateway made a mistake.',
    remedy: () => 'Look for the request id in its log, and report it.',
  },
}

/** The same code as the gateway's own, said by the vendor. */
const PROVIDER_OVERLOADED: Said = {
  blame: 'provider',
  what: (call) => `${where(call)} said that it had too much to do${tries(call)}.`,
  remedy: () => 'Add a fallback to the alias, so that another provider answers when this one cannot.',
}

/** Why a call did not go well, in words; null for one that did. */
export function explainCall(call: CallRecord): Explanation | null {
  if (call.error_code === null && call.status < 400) return null
  const said =
    call.error_code === 'overloaded' && call.attempts.length > 0
      ? PROVIDER_OVERLOADED
      : EXPLANATIONS[call.error_code ?? '']
  if (said) return { blame: said.blame, what: capital(said.what(call)), remedy: said.remedy(call) }
  const blame = call.attempts.length > 0 ? 'provider' : call.status < 500 ? 'client' : 'gateway'
  return {
    blame,
    what: `The call ended with ${call.error_code ?? call.status}.`,
    remedy: 'Look for the request id in the log.',
  }
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
