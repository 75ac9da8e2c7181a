import { z } from 'zod'
import { Secret } from './shared.ts'

const Port = z.int().min(0).max(65_535)
const Address = z.string().min(1).max(255)

/** How the process itself runs: what flags and the environment can say too, and say more strongly. Read at start only. */
export const Server = z.strictObject({
  port: Port.optional(),
  host: Address.optional(),
  admin_port: Port.optional(),
  admin_host: Address.optional(),
  workers: z.union([z.int().min(1).max(64), z.literal('auto')]).optional(),
  only: z.enum(['all', 'gateway', 'control']).optional(),
  database_url: Secret.optional(),
  redis_url: Secret.optional(),
  /** How people reach the gateway from outside: links and the console use it. */
  public_url: z.url({ protocol: /^https?$/ }).optional(),
  log_level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  /** Addresses or networks of proxies whose `x-forwarded-for` is believed. */
  trusted_proxies: z.array(z.string().min(1)).optional(),
  /** How long single calls are kept; sums stay for good. */
  retention_days: z.int().min(1).max(3_650).optional(),
  max_body_bytes: z.int().min(1_024).max(1_073_741_824).optional(),
})
export type Server = z.infer<typeof Server>
