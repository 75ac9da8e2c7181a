import { defineTexts } from '../../i18n/text.ts'

export const WELCOME_TEXT = defineTexts({
  title: ['Welcome aboard', '欢迎使用'],
  lead: ['Three steps to your first call through the gateway.', '三步完成您的第一次网关调用。'],
  step1: ['You are the owner', '您是所有者'],
  step1Done: [
    'Signed in as {name}. There is no default password anywhere.',
    '已以 {name} 登录。系统没有任何默认密码。',
  ],
  step2: ['A model to call', '可调用的模型'],
  step2Demo: [
    'The built-in demo answers offline, so you can go on at once. Add a provider’s key when you have one.',
    '内置演示模型可离线应答，可立即继续。有提供商密钥后随时添加。',
  ],
  step2Done: ['{names} are ready.', '{names} 已就绪。'],
  addProvider: ['Add a provider’s key', '添加提供商密钥'],
  step3: ['Your first call', '您的第一次调用'],
  step3Hint: [
    'Make a key, paste one of these lines into a terminal, and watch your call arrive below.',
    '创建密钥，将以下任一命令粘贴到终端运行，您的调用会出现在下方。',
  ],
  makeKey: ['Make a key for me', '为我创建密钥'],
  keyOnce: ['This key is shown only now. It is called {name}.', '此密钥仅在此刻显示，名称为 {name}。'],
  sendHere: ['Or send it from here', '或直接在此发送'],
  waiting: ['Waiting for your call …', '正在等待您的调用…'],
  arrived: ['There it is: your call went through the gateway.', '调用已到达：它已经过网关。'],
  arrivedFailed: [
    'Your call arrived, but it failed. Open it to see why and what to do.',
    '调用已到达但失败了，可打开查看原因与解决方法。',
  ],
  openCall: ['Look at it', '查看详情'],
  answer: ['The answer', '回答'],
  next: ['What next?', '接下来'],
  nextAlias: ['Give a model your own name, so that you can change it later', '为模型设置自己的名称，便于日后更换'],
  nextLimits: ['Set a limit or a budget before you share keys', '在分发密钥前设置限额或预算'],
  nextRole: ['Check the execution role of an ECS task', '检查 ECS 任务的执行角色'],
  nextInvite: ['Invite your colleagues', '邀请同事'],
  noKeyYet: ['the key that you make here', '在此创建的密钥'],
  language: ['Language of the example', '示例语言'],
})
