// What can be told of the image and its compose file without a Docker engine.
import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { allCommands } from '../src/cli/commands.ts'

const commands = await allCommands()
const root = join(import.meta.dir, '..')
const read = (path: string) => Bun.file(join(root, path)).text()

/** Instructions of the last stage and of the one before, as `[name, rest]`. */
const stages = (await read('docker/Dockerfile'))
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split(/^(?=FROM )/m)
  .filter((stage) => stage.startsWith('FROM '))
  .map((stage) => [...stage.matchAll(/^([A-Z]+) +(.+)$/gm)].map(([, name = '', rest = '']) => [name, rest] as const))
const [build = [], image = []] = stages
const of = (stage: typeof image, name: string) => stage.filter(([each]) => each === name).map(([, rest]) => rest)
const only = (name: string) => {
  const found = of(image, name)
  expect([name, found.length]).toEqual([name, 1])
  return found[0] ?? ''
}

test('the image is made of files that are there, by the runtime that is pinned', () => {
  expect(stages).toHaveLength(2)
  for (const rest of of(build, 'COPY')) {
    for (const source of rest.split(' ').slice(0, -1))
      expect([source, existsSync(join(root, source))]).toEqual([source, true])
  }
  const [fromBuild] = of(image, 'COPY')
  expect(fromBuild).toStartWith('--from=build /src/dist/portreeve ')
  expect(of(build, 'RUN').join('\n')).toContain('npm ci')
})

test('it runs as nobody in particular, who owns the one folder that is written', () => {
  const user = only('USER')
  expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  const volume = only('VOLUME')
  expect(of(image, 'COPY').at(-1)).toBe(`--from=build --chown=${user} ${volume} ${volume}`)
  expect(only('ENV')).toContain(`PORTREEVE_DATA=${volume}`)
})

test('signals reach the program, and its health is asked by a command that it has', () => {
  const [program] = JSON.parse(only('ENTRYPOINT')) as string[]
  const [start] = JSON.parse(only('CMD')) as string[]
  const check = only('HEALTHCHECK')
  const [asked, health] = JSON.parse(check.slice(check.indexOf('CMD ') + 4)) as string[]
  expect([asked, of(image, 'COPY')[0]?.split(' ').at(-1)]).toEqual([program, program])
  for (const name of [start, health]) expect(commands.map((command) => command.name)).toContain(name ?? '')
  expect(only('STOPSIGNAL')).toBe('SIGTERM')
  expect(only('ENV')).toContain(`PORT=${only('EXPOSE')}`)
  expect(only('ENV')).toContain('HOST=0.0.0.0')
})

test('the image tells the allocator what the launcher tells it', async () => {
  const said = /MIMALLOC_PURGE_HOLES_MIN_INTERVAL\D+(\d+)/
  const launcher = said.exec(await read('scripts/run.mjs'))?.[1]
  expect(launcher).toBeDefined()
  expect(said.exec(only('ENV'))?.[1]).toBe(launcher)
})

type Service = {
  build?: { context: string; dockerfile: string }
  ports?: string[]
  volumes?: string[]
  tmpfs?: string[]
  environment?: Record<string, string>
  depends_on?: Record<string, { condition: string }>
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  stop_grace_period?: string
  healthcheck?: object
}
const compose = parse(await read('docker/compose.yaml'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, null>
}

test.each(Object.entries(compose.services).filter(([, service]) => service.build))(
  'the service %s is locked down and drains',
  (_, service) => {
    expect(existsSync(join(root, 'docker', service.build!.context, service.build!.dockerfile))).toBe(true)
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      tmpfs: ['/tmp'],
      stop_grace_period: '2m',
    })
    // Whoever opens it to the network decides so.
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:8080$/)
    // The link of the first start must lead to the port outside.
    const outside = service.ports?.[0]?.split(':')[1]
    if (outside !== '8080') expect(service.environment?.['PUBLIC_URL']).toBe(`http://127.0.0.1:${outside}`)
  },
)

test('what the services name is there', () => {
  for (const service of Object.values(compose.services)) {
    for (const volume of service.volumes ?? [])
      expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0] ?? '')
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect([condition, typeof compose.services[name]?.healthcheck]).toEqual(['service_healthy', 'object'])
    }
  }
})
