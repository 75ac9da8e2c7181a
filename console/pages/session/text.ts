import { defineTexts } from '../../i18n/text.ts'

export const SESSION_TEXT = defineTexts({
  signIn: ['Sign in', '登录'],
  lead: ['to the gateway at {host}', '登录网关 {host}'],
  email: ['E-mail', '电子邮箱'],
  password: ['Password', '密码'],
  lost: [
    'Lost your password? An owner makes you a one-time link under Settings → People.',
    '忘记密码？所有者可在“设置 → 成员”中为您生成一次性链接。',
  ],
  wrong: ['E-mail or password is wrong.', '电子邮箱或密码错误。'],
  slow: ['Too many attempts. Try again in {seconds|second|seconds}.', '尝试次数过多，请在 {seconds} 秒后重试。'],
  needsOwner: ['This gateway has no owner yet', '此网关尚无所有者'],
  needsOwnerHint: [
    'The first start printed a one-time link in the terminal. Open it here to become the owner. To print a new one, run this where the gateway runs:',
    '首次启动时终端已打印一次性链接，请在此浏览器中打开以成为所有者。如需重新生成，请在网关所在主机上运行：',
  ],
  joinOwner: ['Become the owner', '成为所有者'],
  joinOwnerLead: [
    'Portreeve has no default password. You choose the only one.',
    'Portreeve 没有默认密码，由您自行设定。',
  ],
  joinInvited: ['Join as {role}', '以 {role} 身份加入'],
  joinReset: ['Choose a new password', '设置新密码'],
  joinFor: ['for {email}', '账户：{email}'],
  yourName: ['Your name', '您的姓名'],
  passwordHint: [
    'At least 12 characters. A few unrelated words are good.',
    '至少 12 个字符，几个不相关的词语组合即可。',
  ],
  tooShort: ['Use at least 12 characters.', '请至少使用 12 个字符。'],
  start: ['Create my account and start', '创建账户并开始'],
  setPassword: ['Set the password and sign in', '设置密码并登录'],
  badLink: ['This link cannot be used', '此链接无法使用'],
  badLinkHint: [
    'One-time links end after use and after a while. Ask an owner for a new one.',
    '一次性链接在使用后或过期后即失效，请向所有者索取新链接。',
  ],
  noLink: [
    'The address holds no one-time link. Copy the whole line from the terminal.',
    '地址中没有一次性链接，请从终端复制完整链接。',
  ],
  toSignIn: ['To sign-in', '前往登录'],
})
