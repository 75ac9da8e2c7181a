import { z } from 'zod'

/** A name that people choose: it appears in URLs, model names and reports. */
export const Slug = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,62}$/i,
    'use 1 to 63 letters, digits, ".", "_" or "-", beginning with a letter or digit',
  )

/**
 * A secret by value or by reference: `env:NAME` reads the environment, `file:PATH` a file (as Docker and ECS mount them).
 * References are kept in the configuration; values are sealed before they are stored and never shown again.
 */
export const Secret = z.string().min(1).meta({ secret: true })

/** Milliseconds. */
export const Milliseconds = z.int().min(1).max(86_400_000)

/** Integer micro-dollars: 1_000_000 is one US dollar. */
export const Micros = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

/** RFC 3339, UTC. */
export const Timestamp = z.iso.datetime({ offset: true })
