import type { Route } from '../route.ts'
import * as aliases from './aliases.ts'
import * as calls from './calls.ts'
import * as executionRoles from './execution-roles.ts'
import * as keys from './keys.ts'
import * as models from './models.ts'
import * as overview from './overview.ts'
import * as people from './people.ts'
import * as playground from './playground.ts'
import * as providers from './providers.ts'
import * as rules from './rules.ts'
import * as settings from './settings.ts'
import * as tokens from './tokens.ts'

/** Every endpoint of the management API by its operation id. One that is not listed here does not exist. */
export const ROUTES = {
  readHealth: settings.readHealth,

  signIn: people.signIn,
  getSession: people.getSession,
  signOut: people.signOut,
  readInvitation: people.readInvitation,
  acceptInvitation: people.acceptInvitation,
  changePassword: people.changePassword,
  listSessions: people.listSessions,
  deleteSession: people.deleteSession,

  getOverview: overview.getOverview,
  listAttention: overview.listAttention,

  listCalls: calls.listCalls,
  exportCalls: calls.exportCalls,
  tailCalls: calls.tailCalls,
  getCall: calls.getCall,

  listKeys: keys.listKeys,
  createKey: keys.createKey,
  getKey: keys.getKey,
  updateKey: keys.updateKey,
  rotateKey: keys.rotateKey,
  revokeKey: keys.revokeKey,

  searchRegistry: providers.searchRegistry,
  listProviders: providers.listProviders,
  createProvider: providers.createProvider,
  testProviderDraft: providers.testProviderDraft,
  getProvider: providers.getProvider,
  updateProvider: providers.updateProvider,
  deleteProvider: providers.deleteProvider,
  testProvider: providers.testProvider,

  listModels: models.listModels,
  listPrices: models.listPrices,
  setPrice: models.setPrice,
  deletePrice: models.deletePrice,

  listAliases: aliases.listAliases,
  createAlias: aliases.createAlias,
  getAlias: aliases.getAlias,
  updateAlias: aliases.updateAlias,
  deleteAlias: aliases.deleteAlias,

  listLimits: rules.listLimits,
  putLimit: rules.putLimit,
  deleteLimit: rules.deleteLimit,
  listBudgets: rules.listBudgets,
  putBudget: rules.putBudget,
  deleteBudget: rules.deleteBudget,
  listGuards: rules.listGuards,
  putGuard: rules.putGuard,
  deleteGuard: rules.deleteGuard,
  listSections: rules.listSections,
  putSection: rules.putSection,
  deleteSection: rules.deleteSection,

  createPlaygroundKey: playground.createPlaygroundKey,
  askPlayground: playground.askPlayground,

  preflightRole: executionRoles.preflightRole,
  deriveRole: executionRoles.deriveRole,
  lintRole: executionRoles.lintRole,
  checkTemplate: executionRoles.checkTemplate,
  explainReason: executionRoles.explainReason,

  listUsers: people.listUsers,
  inviteUser: people.inviteUser,
  createOwnerLink: people.createOwnerLink,
  getUser: people.getUser,
  updateUser: people.updateUser,
  resetUser: people.resetUser,
  deleteUser: people.deleteUser,
  listTokens: tokens.listTokens,
  createToken: tokens.createToken,
  revokeToken: tokens.revokeToken,

  listAudit: settings.listAudit,
  readSettings: settings.readSettings,
  checkConfiguration: settings.checkConfiguration,
} as const satisfies Record<string, Route>
export type RouteName = keyof typeof ROUTES
