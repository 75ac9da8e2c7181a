/** The roles of people and tokens, weakest first. */
export const ROLES = ['viewer', 'admin', 'owner'] as const
export type Role = (typeof ROLES)[number]

/**
 * Every action of the management API → who may take it: `anyone` without signing in, `signed-in` people about themselves, or the
 * weakest role that may. A route names one of these, so that a route without a rule does not compile.
 */
export const ACTIONS = {
  'health:Read': 'anyone',
  'sessions:Create': 'anyone',
  'invitations:Read': 'anyone',
  'invitations:Accept': 'anyone',
  'sessions:ReadOwn': 'signed-in',
  'sessions:DeleteOwn': 'signed-in',
  'password:Change': 'signed-in',

  'overview:Read': 'viewer',
  'calls:List': 'viewer',
  'calls:Read': 'viewer',
  'keys:List': 'viewer',
  'keys:Read': 'viewer',
  'providers:List': 'viewer',
  'providers:Read': 'viewer',
  'registry:Search': 'viewer',
  'models:List': 'viewer',
  'aliases:List': 'viewer',
  'aliases:Read': 'viewer',
  'prices:List': 'viewer',
  'execution-roles:Use': 'viewer',
  'limits:List': 'viewer',
  'budgets:List': 'viewer',
  'guards:List': 'viewer',
  'sections:List': 'viewer',

  'playground:Use': 'admin',
  'keys:Create': 'admin',
  'keys:Update': 'admin',
  'keys:Rotate': 'admin',
  'keys:Revoke': 'admin',
  'providers:Create': 'admin',
  'providers:Update': 'admin',
  'providers:Delete': 'admin',
  'providers:Test': 'admin',
  'aliases:Create': 'admin',
  'aliases:Update': 'admin',
  'aliases:Delete': 'admin',
  'prices:Update': 'admin',
  'prices:Delete': 'admin',
  'limits:Update': 'admin',
  'limits:Delete': 'admin',
  'budgets:Update': 'admin',
  'budgets:Delete': 'admin',
  'guards:Update': 'admin',
  'guards:Delete': 'admin',
  'sections:Update': 'admin',
  'sections:Delete': 'admin',
  'configuration:Read': 'admin',
  'configuration:Check': 'admin',
  'users:List': 'admin',
  'users:Read': 'admin',
  'audit:List': 'admin',

  'users:Create': 'owner',
  'users:Update': 'owner',
  'users:Delete': 'owner',
  'tokens:List': 'owner',
  'tokens:Create': 'owner',
  'tokens:Revoke': 'owner',
} as const satisfies Record<string, Role | 'anyone' | 'signed-in'>

export type Action = keyof typeof ACTIONS

/** Whether a caller with this role may take the action; null stands for a caller who is not signed in. */
export function mayTake(role: Role | null, action: Action): boolean {
  const least: Role | 'anyone' | 'signed-in' = ACTIONS[action]
  if (least === 'anyone') return true
  if (role === null) return false
  return least === 'signed-in' || ROLES.indexOf(role) >= ROLES.indexOf(least)
}

/** Every action that the role may take. */
export function actionsOf(role: Role): Action[] {
  return (Object.keys(ACTIONS) as Action[]).filter((action) => mayTake(role, action))
}
