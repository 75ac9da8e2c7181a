/** The numbers that a limit may name, in the order of its form. */
export const RATES = [
  'requests_per_minute',
  'requests_per_hour',
  'requests_per_day',
  'tokens_per_minute',
  'tokens_per_hour',
  'tokens_per_day',
  'in_flight',
] as const
export type Rate = (typeof RATES)[number]
