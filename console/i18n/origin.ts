import { defineTexts } from './text.ts'

/** Where a thing is kept, and what that means for changing it. */
export const ORIGIN_TEXT = defineTexts({
  origin: ['Kept in', '来源'],
  file: ['portreeve.yaml', 'portreeve.yaml'],
  database: ['console', '控制台'],
  environment: ['environment', '环境变量'],
  'built-in': ['built in', '内置'],
  readOnlyFile: [
    'This is written in portreeve.yaml and changed there; the gateway reloads the file when it changes.',
    '此项定义在 portreeve.yaml 中，请在文件中修改；文件变更后网关会自动重新加载。',
  ],
  readOnlyEnvironment: [
    'This was switched on by the environment of the process and is changed there.',
    '此项由进程的环境变量启用，请在环境变量中修改。',
  ],
  readOnlyBuiltIn: ['This is built in and cannot be changed.', '此项为内置，无法修改。'],
})
