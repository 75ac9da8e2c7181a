// What holds where a configuration says nothing. Apart from the schemas, which take it from here: the data plane runs without schemas.

export const DEFAULT_KEY = { models: ['*'], priority: 'normal', on_unsupported: 'drop' } as const

export const DEFAULT_RETRIES = { attempts: 2, max_wait_ms: 5_000, backoff_ms: 250 } as const

export const DEFAULT_BREAKER = { failures: 5, failure_percent: 50, window_ms: 30_000, rest_ms: 5_000 } as const

export const DEFAULT_OVERLOAD = { max_lag_ms: 100, max_in_flight: 20_000 } as const

export const DEFAULT_SHARING = { on_loss: 'open', lease_percent: 2 } as const
