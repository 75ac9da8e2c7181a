import { Button, Group, Menu, Select, SimpleGrid, Stack, Tabs, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { deriveRole, lintRole, preflightRole } from '../../../src/contract/api/execution-roles.ts'
import { api } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { Icon } from '../../ui/icons.tsx'
import { Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { DocumentField } from './editor.tsx'
import { EXAMPLES, type ExampleName } from './examples.ts'
import { Findings } from './findings.tsx'
import { LaunchPicture } from './launch.tsx'
import { LeastRole } from './least.tsx'
import { Mend } from './mend.tsx'
import { ROLES_TEXT } from './text.ts'
import { Verdict } from './verdict.tsx'

const route = getRouteApi('/roles')

type Input = { task: string; role: string; facts: string; launchType: string; account: string; region: string }
const EMPTY: Input = { task: '', role: '', facts: '', launchType: '', account: '', region: '' }

const inputOf = (example: string | undefined): Input =>
  example && example in EXAMPLES ? { ...EMPTY, ...EXAMPLES[example as ExampleName] } : EMPTY

/** Documents in on the left, the launch on the right, checked as one types. */
export function CheckTab() {
  const t = useText(ROLES_TEXT)
  const { example } = route.useSearch()
  const navigate = route.useNavigate()
  const [input, setInput] = useState<Input>(() => inputOf(example))
  const set = (change: Partial<Input>) => setInput((before) => ({ ...before, ...change }))
  const [shown, setShown] = useState(example)
  if (example !== shown) {
    setShown(example)
    setInput(inputOf(example))
  }
  const take = (name: ExampleName) => {
    setInput(inputOf(name))
    setShown(name)
    void navigate({ search: (before) => ({ ...before, example: name }), replace: true })
  }
  const [checked] = useDebouncedValue(input, 350)
  return (
    <div className="role-desk">
      <Stack gap="sm">
        <Group justify="space-between">
          <Menu position="bottom-start">
            <Menu.Target>
              <Button variant="light" rightSection={<Icon name="down" size={14} />}>
                {t('examples')}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {(Object.keys(EXAMPLES) as ExampleName[]).map((name) => (
                <Menu.Item key={name} onClick={() => take(name)}>
                  {t(`ex_${name}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </Group>
        <DocumentField
          label={t('task')}
          hint={t('taskHint')}
          rows={10}
          value={input.task}
          onChange={(task) => set({ task })}
        />
        <DocumentField
          label={t('role')}
          hint={t('roleHint')}
          rows={9}
          value={input.role}
          onChange={(role) => set({ role })}
        />
        <SimpleGrid cols={{ base: 1, xs: 3, md: 1, xl: 3 }} spacing="xs">
          <Select
            label={t('launchType')}
            data={[{ value: '', label: t('asDefined') }, 'FARGATE', 'EC2', 'EXTERNAL']}
            value={input.launchType}
            onChange={(launchType) => set({ launchType: launchType ?? '' })}
          />
          <TextInput
            label={t('account')}
            value={input.account}
            onChange={(event) => set({ account: event.currentTarget.value.trim() })}
            placeholder="111122223333"
          />
          <TextInput
            label={t('region')}
            value={input.region}
            onChange={(event) => set({ region: event.currentTarget.value.trim() })}
            placeholder="eu-central-1"
          />
        </SimpleGrid>
        <DocumentField
          label={t('facts')}
          hint={t('factsHint')}
          rows={5}
          value={input.facts}
          onChange={(facts) => set({ facts })}
        />
      </Stack>
      <Results input={checked} onExample={take} />
    </div>
  )
}

function Results({ input, onExample }: { input: Input; onExample: (name: ExampleName) => void }) {
  const t = useText(ROLES_TEXT)
  const [tab, setTab] = useState<string>('launch')
  const setting = {
    ...(input.facts.trim() ? { facts: input.facts } : {}),
    ...(/^\d{12}$/.test(input.account) ? { account: input.account } : {}),
    ...(/^[a-z]{2,4}(-[a-z]+)+-\d+$/.test(input.region) ? { region: input.region } : {}),
    ...(input.launchType ? { launch_type: input.launchType as 'EC2' } : {}),
  }
  const hasTask = input.task.trim() !== ''
  const hasRole = input.role.trim() !== ''
  const once = { placeholderData: keepPreviousData, retry: false, staleTime: Infinity } as const
  const preflight = useQuery({
    queryKey: ['role', 'preflight', input],
    queryFn: ({ signal }) =>
      api(
        preflightRole,
        { body: { task_definition: input.task, ...(hasRole ? { role: input.role } : {}), ...setting } },
        { signal },
      ),
    enabled: hasTask,
    ...once,
  })
  const derived = useQuery({
    queryKey: ['role', 'derive', input],
    queryFn: ({ signal }) => api(deriveRole, { body: { task_definitions: [input.task], ...setting } }, { signal }),
    enabled: hasTask,
    ...once,
  })
  const lint = useQuery({
    queryKey: ['role', 'lint', input],
    queryFn: ({ signal }) =>
      api(
        lintRole,
        { body: { role: input.role, task_definitions: hasTask ? [input.task] : [], ...setting } },
        { signal },
      ),
    enabled: hasRole,
    ...once,
  })
  // A role alone can be linted; the launch needs a task.
  const onlyRole = hasRole && !hasTask
  if (!hasTask && !hasRole)
    return (
      <Section>
        <EmptyState
          icon="role"
          title={t('empty')}
          hint={t('emptyHint')}
          action={
            <Group gap="xs" justify="center" maw={560}>
              {(Object.keys(EXAMPLES) as ExampleName[]).map((name) => (
                <Button key={name} variant="default" onClick={() => onExample(name)}>
                  {t(`ex_${name}`)}
                </Button>
              ))}
            </Group>
          }
        />
      </Section>
    )
  return (
    <Stack gap="md" style={{ minWidth: 0 }}>
      {hasTask && preflight.isError && (
        <Section>
          <ErrorState error={preflight.error} />
        </Section>
      )}
      {preflight.data && !preflight.isError && <Verdict preflight={preflight.data} />}
      <Tabs value={onlyRole ? 'findings' : tab} onChange={(next) => setTab(next ?? 'launch')} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="launch">{t('launch')}</Tabs.Tab>
          <Tabs.Tab value="mend">{t('mend')}</Tabs.Tab>
          <Tabs.Tab value="least">{t('least')}</Tabs.Tab>
          <Tabs.Tab value="findings">
            {t('findings')}
            {lint.data ? ` (${lint.data.findings.length})` : ''}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="launch">
          {preflight.data && !preflight.isError ? (
            <LaunchPicture key={preflight.data.failingStep} preflight={preflight.data} />
          ) : (
            preflight.isFetching && <Loading />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="mend">
          {preflight.data && !preflight.isError && <Mend patch={preflight.data.patch} />}
        </Tabs.Panel>
        <Tabs.Panel value="least">
          {derived.isError ? (
            <ErrorState error={derived.error} />
          ) : (
            derived.data && <LeastRole derived={derived.data} role={input.role} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="findings">
          {!hasRole ? (
            <EmptyState icon="role" title={t('noRole')} />
          ) : lint.isError ? (
            <ErrorState error={lint.error} />
          ) : (
            lint.data && <Findings text={input.role} findings={lint.data.findings} />
          )}
        </Tabs.Panel>
      </Tabs>
    </Stack>
  )
}
