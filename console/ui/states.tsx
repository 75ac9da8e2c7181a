import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { AppError } from '../../src/errors.ts'
import { COMMON, ERROR_TITLES } from '../i18n/common.ts'
import { useLanguage, useText } from '../i18n/text.ts'
import { Icon, type IconName } from './icons.tsx'

/** Grey lines in the shape of what comes. */
export function Loading({ rows = 6 }: { rows?: number }) {
  const t = useText(COMMON)
  return (
    <Stack gap="sm" p="md" role="status" aria-label={t('loading')}>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={16} width={`${92 - ((index * 17) % 40)}%`} />
      ))}
    </Stack>
  )
}

/** What a page says when there is nothing to show, and the way on. */
export function EmptyState({
  icon = 'anchor',
  title,
  hint,
  action,
}: {
  icon?: IconName
  title: string
  hint?: ReactNode
  action?: ReactNode
}) {
  return (
    <Stack align="center" gap="xs" py={44} px="md" ta="center">
      <span className="quiet">
        <Icon name={icon} size={30} />
      </span>
      <Title order={3}>{title}</Title>
      {hint && (
        <Text size="sm" c="dimmed" maw={520} component="div">
          {hint}
        </Text>
      )}
      {action && <Group mt="xs">{action}</Group>}
    </Stack>
  )
}

/** The words for an error: a title by its code in the reader's language, and the server's own sentence. */
export function useErrorWords(): (error: unknown) => { title: string; detail: string; code: string | null } {
  const language = useLanguage()
  const t = useText(COMMON)
  return (error) => {
    if (!(error instanceof AppError)) {
      const detail = error instanceof TypeError ? t('offline') : String(error instanceof Error ? error.message : error)
      return { title: t('failedTitle'), detail, code: null }
    }
    const pair = ERROR_TITLES[error.code]
    return {
      title: pair ? pair[language === 'en' ? 0 : 1] : t('failedTitle'),
      detail: error.message,
      code: error.code,
    }
  }
}

/** An error with what to do about it; what the role may not see is told apart from what failed. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useText(COMMON)
  const words = useErrorWords()(error)
  if (words.code === 'forbidden')
    return (
      <EmptyState
        icon="role"
        title={t('deniedTitle')}
        hint={
          <>
            {words.detail} {t('deniedHint')}
          </>
        }
      />
    )
  return (
    <div role="alert">
      <EmptyState
        icon="warn"
        title={words.title}
        hint={
          <>
            {words.detail} {words.code && <span className="mono quiet">({words.code})</span>}
          </>
        }
        action={
          onRetry && (
            <Button variant="default" onClick={onRetry} leftSection={<Icon name="refresh" />}>
              {t('retry')}
            </Button>
          )
        }
      />
    </div>
  )
}

/** Renders a query's data, or the state it is in instead. */
export function Loaded<T>({
  query,
  rows,
  children,
}: {
  query: UseQueryResult<T>
  rows?: number
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  return <Loading {...(rows === undefined ? {} : { rows })} />
}
