import { defineTexts } from '../i18n/text.ts'
import type { IconName } from '../ui/icons.tsx'

export const ROOM_TEXT = defineTexts({
  overview: ['Overview', '概览'],
  calls: ['Calls', '调用'],
  playground: ['Playground', '试验台'],
  models: ['Models & prices', '模型与价格'],
  aliases: ['Aliases', '别名'],
  providers: ['Providers', '提供商'],
  keys: ['Keys', '密钥'],
  limits: ['Limits & budgets', '限额与预算'],
  roles: ['Execution roles', '执行角色'],
  settings: ['Settings', '设置'],
  welcome: ['Welcome', '开始使用'],
  observe: ['Observe', '观察'],
  build: ['Build', '构建'],
  access: ['Access', '访问'],
  ecs: ['Amazon ECS', 'Amazon ECS'],
  gateway: ['Gateway', '网关'],
})

export type RoomName =
  | 'overview'
  | 'calls'
  | 'playground'
  | 'models'
  | 'aliases'
  | 'providers'
  | 'keys'
  | 'limits'
  | 'roles'
  | 'settings'
  | 'welcome'

/** `letter` opens the room after `g`. */
export type Room = { readonly name: RoomName; readonly to: string; readonly icon: IconName; readonly letter: string }

/** The rail, group by group. API management and the developer portal get groups of their own here. */
export const ROOMS = [
  {
    group: 'observe',
    rooms: [
      { name: 'overview', to: '/', icon: 'overview', letter: 'o' },
      { name: 'calls', to: '/calls', icon: 'calls', letter: 'c' },
    ],
  },
  {
    group: 'build',
    rooms: [
      { name: 'playground', to: '/playground', icon: 'play', letter: 'p' },
      { name: 'models', to: '/models', icon: 'model', letter: 'm' },
      { name: 'aliases', to: '/aliases', icon: 'alias', letter: 'a' },
      { name: 'providers', to: '/providers', icon: 'provider', letter: 'v' },
    ],
  },
  {
    group: 'access',
    rooms: [
      { name: 'keys', to: '/keys', icon: 'key', letter: 'k' },
      { name: 'limits', to: '/limits', icon: 'limit', letter: 'l' },
    ],
  },
  { group: 'ecs', rooms: [{ name: 'roles', to: '/roles', icon: 'role', letter: 'e' }] },
  {
    group: 'gateway',
    rooms: [
      { name: 'settings', to: '/settings', icon: 'settings', letter: 's' },
      { name: 'welcome', to: '/welcome', icon: 'welcome', letter: 'w' },
    ],
  },
] as const satisfies readonly { group: keyof typeof ROOM_TEXT; rooms: readonly Room[] }[]

export const ALL_ROOMS: readonly Room[] = ROOMS.flatMap((group): readonly Room[] => group.rooms)
