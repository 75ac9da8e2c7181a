import { Alert, Button, Group, Stack } from '@mantine/core'
import type { FormEvent, ReactNode } from 'react'
import { AppError } from '../../src/errors.ts'
import { COMMON } from '../i18n/common.ts'
import { useText } from '../i18n/text.ts'
import { useErrorWords } from './states.tsx'

/** The findings of a refused body by field: the pointer `/targets/0/model` becomes `targets.0.model`. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof AppError)) return {}
  return Object.fromEntries(
    (error.details.findings ?? []).map(({ place, message }) => [
      place.replace(/^\//, '').replaceAll('/', '.'),
      message,
    ]),
  )
}

/** A form: its fields, what the gateway said against them, a change by somebody else, save and cancel. */
export function FormFrame({
  onSubmit,
  onCancel,
  busy,
  error,
  action,
  onReload,
  extra,
  children,
}: {
  onSubmit: (event: FormEvent<HTMLFormElement>) => void
  onCancel?: () => void
  busy: boolean
  error: unknown
  action: string
  /** Loads the present version after somebody else changed it. */
  onReload?: () => void
  extra?: ReactNode
  children: ReactNode
}) {
  const t = useText(COMMON)
  const words = useErrorWords()
  const changed = error instanceof AppError && error.code === 'precondition_failed'
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack gap="sm">
        {children}
        {error != null && (
          <Alert
            color={changed ? 'yellow' : 'red'}
            role="alert"
            title={changed ? t('conflictTitle') : words(error).title}
            styles={{ message: { color: 'var(--mantine-color-text)' } }}
          >
            {changed ? t('conflictHint') : words(error).detail}
            {changed && onReload && (
              <Group mt="xs">
                <Button variant="default" onClick={onReload}>
                  {t('loadPresent')}
                </Button>
              </Group>
            )}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs" mt={4}>
          {extra}
          {onCancel && (
            <Button variant="default" onClick={onCancel}>
              {t('cancel')}
            </Button>
          )}
          <Button type="submit" loading={busy}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
