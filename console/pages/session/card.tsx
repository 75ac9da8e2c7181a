import { Group, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useContext } from 'react'
import { LanguageContext } from '../../i18n/text.ts'
import { Logo } from '../../ui/icons.tsx'

/** The one card of the pages before the rooms. */
export function SessionCard({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  const { language, setLanguage } = useContext(LanguageContext)
  return (
    <main className="gate">
      <div className="gate-card card">
        <Group c="var(--mantine-primary-color-filled)" gap="sm" mb="lg" justify="space-between">
          <Group gap="sm">
            <Logo size={34} />
            <Text fw={700} fz={20} c="var(--mantine-color-text)">
              Portreeve
            </Text>
          </Group>
          <button
            type="button"
            className="plain-button"
            lang={language === 'en' ? 'zh-CN' : 'en'}
            onClick={() => setLanguage(language === 'en' ? 'zh-CN' : 'en')}
          >
            {language === 'en' ? '中文' : 'English'}
          </button>
        </Group>
        <Stack gap={2} mb="md">
          <Title order={1}>{title}</Title>
          {lead && (
            <Text size="sm" c="dimmed" component="div">
              {lead}
            </Text>
          )}
        </Stack>
        {children}
      </div>
    </main>
  )
}
