import { Button, Group, SimpleGrid, Stack, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { checkTemplate } from '../../../src/contract/api/execution-roles.ts'
import { api } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { DocumentField } from './editor.tsx'
import { TEMPLATE } from './examples.ts'
import { Findings } from './findings.tsx'
import { LaunchPicture } from './launch.tsx'
import { ROLES_TEXT } from './text.ts'
import { Verdict } from './verdict.tsx'

/** A CloudFormation template or a Terraform plan: each of its launches, before it is deployed. */
export function TemplateTab() {
  const t = useText(ROLES_TEXT)
  const [input, setInput] = useState({ template: '', account: '', region: '' })
  const [{ template, account, region }] = useDebouncedValue(input, 350)
  const query = useQuery({
    queryKey: ['role', 'template', template, account, region],
    queryFn: ({ signal }) =>
      api(
        checkTemplate,
        {
          body: {
            template,
            ...(/^\d{12}$/.test(account) ? { account } : {}),
            ...(/^[a-z]{2,4}(-[a-z]+)+-\d+$/.test(region) ? { region } : {}),
          },
        },
        { signal },
      ),
    enabled: template.trim() !== '',
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: Infinity,
  })
  return (
    <div className="role-desk">
      <Stack gap="sm">
        <Group>
          <Button
            variant="light"
            onClick={() => setInput({ template: TEMPLATE, account: '111122223333', region: 'eu-central-1' })}
          >
            {t('templateExample')}
          </Button>
        </Group>
        <DocumentField
          label={t('template')}
          hint={t('templateHint')}
          rows={22}
          value={input.template}
          onChange={(next) => setInput((before) => ({ ...before, template: next }))}
        />
        <SimpleGrid cols={2} spacing="xs">
          <TextInput
            label={t('account')}
            value={input.account}
            onChange={(event) => setInput({ ...input, account: event.currentTarget.value.trim() })}
            placeholder="111122223333"
          />
          <TextInput
            label={t('region')}
            value={input.region}
            onChange={(event) => setInput({ ...input, region: event.currentTarget.value.trim() })}
            placeholder="eu-central-1"
          />
        </SimpleGrid>
      </Stack>
      {template.trim() === '' ? (
        <Section>
          <EmptyState icon="file" title={t('templateEmpty')} hint={t('templateEmptyHint')} />
        </Section>
      ) : query.isError ? (
        <Section>
          <ErrorState error={query.error} />
        </Section>
      ) : query.data ? (
        <Stack gap="lg" style={{ minWidth: 0 }}>
          {query.data.tasks.length === 0 && <EmptyState icon="file" title={t('templateNone')} />}
          {query.data.tasks.map((task) => (
            <section key={task.name} aria-label={task.name}>
              <Title order={2} mb="xs">
                {task.name}
              </Title>
              <Stack gap="sm">
                {task.preflight && (
                  <>
                    <Verdict preflight={task.preflight} />
                    <LaunchPicture preflight={task.preflight} />
                  </>
                )}
                {task.findings.length > 0 && <Findings text={template} findings={task.findings} />}
              </Stack>
            </section>
          ))}
        </Stack>
      ) : (
        <Loading />
      )}
    </div>
  )
}
