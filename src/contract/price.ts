import type { z } from 'zod'
import { Price } from './api/models.ts'
import { Place } from './routing.ts'

/** A price and the model it is for: it replaces the catalogue's. */
export const ModelPrice = Price.extend(Place.shape)
export type ModelPrice = z.infer<typeof ModelPrice>
