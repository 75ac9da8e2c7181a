import type { Server } from '../contract/server.ts'

/** How one setting can be said, strongest first: flag, environment, `server` section of the file, default. */
export type Setting = {
  /** The option without its dashes. */
  readonly flag?: string
  readonly environment?: string
  /** Also `NAME_FILE`: the path of a file that holds the value. */
  readonly fileVariant?: boolean
  readonly file?: keyof Server
  /** Names the value in the help: `PORT`. */
  readonly value: string
  readonly about: string
  readonly default?: string
  /** Never shown. */
  readonly secret?: boolean
}

/** Every setting of the process. What is not here cannot be set. */
export const SETTINGS = {
  port: {
    flag: 'port',
    environment: 'PORT',
    file: 'port',
    value: 'PORT',
    about: 'port to listen on; 0 takes a free one',
    default: '8080',
  },
  host: {
    flag: 'host',
    environment: 'HOST',
    file: 'host',
    value: 'ADDRESS',
    about: 'address to listen on; 0.0.0.0 for every interface',
    default: '127.0.0.1',
  },
  adminPort: {
    flag: 'admin-port',
    environment: 'PORTREEVE_ADMIN_PORT',
    file: 'admin_port',
    value: 'PORT',
    about: 'port of its own for the console and the management API',
  },
  adminHost: {
    flag: 'admin-host',
    environment: 'PORTREEVE_ADMIN_HOST',
    file: 'admin_host',
    value: 'ADDRESS',
    about: 'address for --admin-port',
    default: '127.0.0.1',
  },
  dataFolder: {
    flag: 'data',
    environment: 'PORTREEVE_DATA',
    value: 'DIR',
    about: 'folder for the database, the records and the keys',
    default: 'portreeve-data',
  },
  configFile: {
    flag: 'config',
    environment: 'PORTREEVE_CONFIG',
    value: 'FILE',
    about: 'configuration file; portreeve.yaml is read when it is there',
  },
  workers: {
    flag: 'workers',
    environment: 'PORTREEVE_WORKERS',
    file: 'workers',
    value: 'N',
    about: 'gateway processes, or "auto" for one per core',
    default: '1',
  },
  only: {
    flag: 'only',
    environment: 'PORTREEVE_ONLY',
    file: 'only',
    value: 'HALF',
    about: 'run one half alone: gateway or control',
    default: 'all',
  },
  databaseUrl: {
    environment: 'DATABASE_URL',
    fileVariant: true,
    file: 'database_url',
    value: 'URL',
    about: 'sqlite:PATH or postgres://…; a SQLite file in the data folder unless set',
    secret: true,
  },
  redisUrl: {
    environment: 'REDIS_URL',
    fileVariant: true,
    file: 'redis_url',
    value: 'URL',
    about: 'Valkey or Redis that nodes share counters in',
    secret: true,
  },
  publicUrl: {
    environment: 'PUBLIC_URL',
    file: 'public_url',
    value: 'URL',
    about: 'how people reach the gateway from outside',
  },
  encryptionKey: {
    environment: 'ENCRYPTION_KEY',
    fileVariant: true,
    value: 'KEY',
    about: 'seals stored secrets; a key file in the data folder unless set',
    secret: true,
  },
  logLevel: {
    flag: 'log-level',
    environment: 'LOG_LEVEL',
    file: 'log_level',
    value: 'LEVEL',
    about: 'debug, info, warn or error',
    default: 'info',
  },
  trustedProxies: {
    environment: 'TRUSTED_PROXIES',
    file: 'trusted_proxies',
    value: 'NETWORKS',
    about: 'comma-separated proxies whose x-forwarded-for is believed',
    default: '',
  },
  retentionDays: {
    environment: 'PORTREEVE_RETENTION_DAYS',
    file: 'retention_days',
    value: 'DAYS',
    about: 'how long single calls are kept',
    default: '90',
  },
  maxBodyBytes: {
    environment: 'PORTREEVE_MAX_BODY_BYTES',
    file: 'max_body_bytes',
    value: 'BYTES',
    about: 'largest request body',
    default: '33554432',
  },
} as const satisfies Record<string, Setting>
export type SettingName = keyof typeof SETTINGS

/** The settings that flags can say, as the options of a command. */
export function settingOptions(names: readonly SettingName[]): Record<string, { about: string; value: string }> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const { flag, about, value, default: usual, environment }: Setting = SETTINGS[name]
      const notes = [environment ? `or ${environment}` : '', usual ? `default ${usual}` : ''].filter(Boolean).join('; ')
      return flag ? [[flag, { about: notes ? `${about} (${notes})` : about, value }]] : []
    }),
  )
}
