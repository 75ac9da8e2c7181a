import { Button, Group, Stack, Tabs, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { createKey } from '../../../src/contract/api/keys.ts'
import { listModels } from '../../../src/contract/api/models.ts'
import { listProviders } from '../../../src/contract/api/providers.ts'
import { api, refresh, useGatewayOrigin, useMay, useMe } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock } from '../../ui/copy.tsx'
import { Icon } from '../../ui/icons.tsx'
import { ButtonLink, TextLink } from '../../ui/link.tsx'
import { Page } from '../../ui/page.tsx'
import { useErrorWords } from '../../ui/states.tsx'
import { toldFailure } from '../../ui/toast.tsx'
import { asCode } from '../playground/code.ts'
import { FirstCall } from './first-call.tsx'
import { WELCOME_TEXT } from './text.ts'

/** Owner, model, first call: it ends with the newcomer's own call on this page. */
export function WelcomePage() {
  const t = useText(WELCOME_TEXT)
  const me = useMe()
  const may = useMay()
  const words = useErrorWords()
  const providers = useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => api(listProviders, { query: { limit: 200 } }, { signal }),
  })
  const real = (providers.data?.data ?? []).filter(
    (provider) => provider.type !== 'demo' && provider.status.state !== 'no-key',
  )
  const model = useFirstModel(real[0]?.id)
  const [name] = useState(() => `first-${Math.floor(Date.now() / 1000).toString(36)}`)
  const key = useMutation({
    mutationFn: () => api(createKey, { body: { name } }),
    onSuccess: () => refresh('keys'),
    onError: (error) => toldFailure(words(error).title, words(error).detail),
  })
  const body = {
    model,
    messages: [{ role: 'user', content: 'Say hello to the harbour in one sentence.' }],
    stream: true,
  }
  const code = asCode(useGatewayOrigin(), body)
  const secret = key.data?.secret
  const shown = {
    // `-N` shows a stream as it comes.
    curl: code.curl.replace('curl ', 'curl -N ').replace('$PORTREEVE_KEY', secret ?? '$PORTREEVE_KEY'),
    python: code.python.replace('os.environ["PORTREEVE_KEY"]', secret ? `"${secret}"` : 'os.environ["PORTREEVE_KEY"]'),
    typescript: code.typescript.replace(
      'process.env.PORTREEVE_KEY',
      secret ? `'${secret}'` : 'process.env.PORTREEVE_KEY',
    ),
  }
  return (
    <Page title={t('title')} lead={t('lead')}>
      <div className="steps">
        <Step n={1} done title={t('step1')}>
          <Text size="sm">{t('step1Done', { name: me?.user?.name ?? me?.role ?? '' })}</Text>
        </Step>
        <Step n={2} done={providers.data !== undefined} title={t('step2')}>
          <Text size="sm" mb="sm">
            {real.length > 0
              ? t('step2Done', { names: real.map((provider) => provider.id).join(', ') })
              : t('step2Demo')}
          </Text>
          {may('providers:Create') && (
            <ButtonLink to="/providers" search={{ new: '1' }} variant="default" leftSection={<Icon name="plus" />}>
              {t('addProvider')}
            </ButtonLink>
          )}
        </Step>
        <Step n={3} title={t('step3')}>
          <Stack gap="sm">
            <Text size="sm">{t('step3Hint')}</Text>
            {may('keys:Create') && !secret && (
              <Group>
                <Button onClick={() => key.mutate()} loading={key.isPending} leftSection={<Icon name="key" />}>
                  {t('makeKey')}
                </Button>
              </Group>
            )}
            {secret && (
              <>
                <Text size="sm" className="warn" role="status">
                  {t('keyOnce', { name })}
                </Text>
                <CodeBlock code={secret} label={t('noKeyYet')} wrap />
              </>
            )}
            <Tabs defaultValue="curl">
              <Tabs.List mb="xs" aria-label={t('language')}>
                <Tabs.Tab value="curl">curl</Tabs.Tab>
                <Tabs.Tab value="python">Python</Tabs.Tab>
                <Tabs.Tab value="typescript">TypeScript</Tabs.Tab>
              </Tabs.List>
              {(['curl', 'python', 'typescript'] as const).map((language) => (
                <Tabs.Panel key={language} value={language}>
                  <CodeBlock code={shown[language]} label={`${t('step3')}: ${language}`} />
                </Tabs.Panel>
              ))}
            </Tabs>
            <FirstCall keyId={key.data?.id} secret={secret} body={body} />
          </Stack>
        </Step>
      </div>
      <Next />
    </Page>
  )
}

/** A model that surely answers: one of the first provider that is set up, else the demo's. */
function useFirstModel(provider: string | undefined): string {
  const models = useQuery({
    queryKey: ['models', 'first', provider],
    queryFn: ({ signal }) => api(listModels, { query: { limit: 50, ...(provider ? { provider } : {}) } }, { signal }),
  }).data?.data
  return (models?.find((model) => model.kind === 'chat') ?? models?.[0])?.id ?? 'demo/parley'
}

function Step({ n, title, done = false, children }: { n: number; title: string; done?: boolean; children: ReactNode }) {
  return (
    <section className="card step" aria-label={title}>
      <div className={done ? 'step-mark done' : 'step-mark'} aria-hidden="true">
        {done ? <Icon name="check" size={16} /> : n}
      </div>
      <div style={{ minWidth: 0, flex: 1 }}>
        <h2 className="step-title">{title}</h2>
        {children}
      </div>
    </section>
  )
}

function Next() {
  const t = useText(WELCOME_TEXT)
  return (
    <section style={{ marginTop: '1.25rem' }}>
      <h2 className="step-title">{t('next')}</h2>
      <Stack gap={6}>
        <TextLink to="/aliases" search={{ new: '1' }}>
          {t('nextAlias')}
        </TextLink>
        <TextLink to="/limits">{t('nextLimits')}</TextLink>
        <TextLink to="/roles">{t('nextRole')}</TextLink>
        <TextLink to="/settings" search={{ tab: 'people' }}>
          {t('nextInvite')}
        </TextLink>
      </Stack>
    </section>
  )
}
