import { Alert, Button, Group, Text } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useText } from '../../i18n/text.ts'
import { Icon } from '../../ui/icons.tsx'
import { ButtonLink } from '../../ui/link.tsx'
import { Markdown } from '../../ui/markdown.tsx'
import { Duration, Money } from '../../ui/values.tsx'
import { CallStatus, toneOf } from '../calls/status.tsx'
import { useTail } from '../calls/tail.ts'
import { type Answer, ask } from '../playground/stream.ts'
import { WELCOME_TEXT } from './text.ts'

/** Waits for the newcomer's call and shows it the moment it ends; it can be sent from here too. */
export function FirstCall({
  keyId,
  secret,
  body,
}: {
  keyId: string | undefined
  secret: string | undefined
  body: Readonly<Record<string, unknown>>
}) {
  const t = useText(WELCOME_TEXT)
  const filter = useMemo(() => (keyId ? { key_id: keyId } : {}), [keyId])
  const tail = useTail(keyId !== undefined, filter)
  const call = tail.calls[0]
  const [answer, setAnswer] = useState<Answer | null>(null)
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])
  if (!keyId || !secret) return null
  return (
    <div className="first-call" role="status">
      <Group justify="space-between">
        <Group gap="sm">
          <span className={call ? 'lamp' : 'lamp pulse'} aria-hidden="true" />
          <Text size="sm" fw={600}>
            {call ? t(toneOf(call) === 'good' ? 'arrived' : 'arrivedFailed') : t('waiting')}
          </Text>
        </Group>
        <Button
          variant="light"
          rightSection={<Icon name="send" />}
          loading={answer?.running ?? false}
          onClick={() => void ask(secret, body, stop.current.signal, setAnswer)}
        >
          {t('sendHere')}
        </Button>
      </Group>
      {answer?.error && (
        <Alert color="red" mt="sm">
          {answer.error}
        </Alert>
      )}
      {answer?.text && (
        <div className="said">
          <Text size="xs" c="dimmed">
            {t('answer')}
          </Text>
          <Markdown text={answer.text} />
        </div>
      )}
      {call && (
        <Group className="card fresh" p="sm" mt="sm" justify="space-between">
          <Group gap="lg">
            <CallStatus call={call} />
            <b>
              {call.provider}/{call.model_served}
            </b>
            <span className="quiet">
              <Duration ms={call.total_ms} /> · <Money micros={call.cost_micros} />
            </span>
          </Group>
          <ButtonLink to="/calls" search={{ id: call.id }} variant="default">
            {t('openCall')}
          </ButtonLink>
        </Group>
      )}
    </div>
  )
}
