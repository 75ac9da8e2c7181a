import { z } from 'zod'
import { Alias } from '../alias.ts'
import { Paging, pageOf, Search } from '../listing.ts'
import { mergePatchOf } from '../merge.ts'
import { route } from '../route.ts'
import { Kept, NameParam } from './shared.ts'

export const AliasView = z.object({ ...Alias.shape, ...Kept.shape })
export type AliasView = z.infer<typeof AliasView>

export const listAliases = route({
  method: 'GET',
  path: '/aliases',
  action: 'aliases:List',
  summary: 'List aliases',
  query: Paging.extend({ search: Search.optional() }),
  result: pageOf(AliasView),
})

export const createAlias = route({
  method: 'POST',
  path: '/aliases',
  action: 'aliases:Create',
  summary: 'Create an alias',
  body: Alias,
  result: AliasView,
  status: 201,
})

export const getAlias = route({
  method: 'GET',
  path: '/aliases/{name}',
  action: 'aliases:Read',
  summary: 'Read one alias',
  params: NameParam,
  result: AliasView,
  versioned: true,
})

export const updateAlias = route({
  method: 'PATCH',
  path: '/aliases/{name}',
  action: 'aliases:Update',
  summary: 'Change an alias',
  params: NameParam,
  body: mergePatchOf(Alias.omit({ name: true })),
  result: AliasView,
  versioned: true,
  merge: true,
})

export const deleteAlias = route({
  method: 'DELETE',
  path: '/aliases/{name}',
  action: 'aliases:Delete',
  summary: 'Delete an alias',
  params: NameParam,
  versioned: true,
})
