import { Button, Group, Textarea, Tooltip } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { createPlaygroundKey } from '../../../src/contract/api/playground.ts'
import { api, useMay } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { Icon } from '../../ui/icons.tsx'
import { Page } from '../../ui/page.tsx'
import { EmptyState, useErrorWords } from '../../ui/states.tsx'
import { toldFailure } from '../../ui/toast.tsx'
import { Attachments, AttachButton } from './images.tsx'
import { Pane } from './pane.tsx'
import { bodyFor, DEFAULT_SETTINGS, type Settings, toolsIn, type Turn } from './request.ts'
import { SettingsPanel } from './settings.tsx'
import { ask, EMPTY_ANSWER } from './stream.ts'
import { PLAYGROUND_TEXT } from './text.ts'

const route = getRouteApi('/playground')

type Key = { secret: string; expires_at: string }

/** One question to several models side by side. */
export function PlaygroundPage() {
  const t = useText(PLAYGROUND_TEXT)
  const words = useErrorWords()
  const common = useText(COMMON)
  const may = useMay()
  const { model: first } = route.useSearch()
  const [panes, setPanes] = useState<{ id: string; model: string }[]>([
    { id: 'a', model: first ?? '' },
    { id: 'b', model: '' },
  ])
  const [turns, setTurns] = useState<Turn[]>([])
  const [prompt, setPrompt] = useState('')
  const [images, setImages] = useState<string[]>([])
  const [settings, setSettings] = useState<Settings>(DEFAULT_SETTINGS)
  const running = useRef<AbortController | null>(null)
  const key = useRef<Key | null>(null)
  const [busy, setBusy] = useState(false)

  const askAll = async () => {
    const asked = panes.filter((pane) => pane.model)
    if (busy || !prompt.trim() || asked.length === 0 || toolsIn(settings.tools).problem) return
    const stop = new AbortController()
    running.current = stop
    setBusy(true)
    const turn: Turn = { prompt, images, answers: Object.fromEntries(asked.map(({ id }) => [id, EMPTY_ANSWER])) }
    const history = [...turns, turn]
    setTurns(history)
    setPrompt('')
    setImages([])
    try {
      if (!key.current || Date.parse(key.current.expires_at) < Date.now() + 30_000)
        key.current = await api(createPlaygroundKey)
      const { secret } = key.current
      await Promise.all(
        asked.map(({ id, model }) =>
          ask(secret, bodyFor(model, id, history, settings), stop.signal, (answer) =>
            setTurns((before) =>
              before.map((each, index) =>
                index === history.length - 1 ? { ...each, answers: { ...each.answers, [id]: answer } } : each,
              ),
            ),
          ),
        ),
      )
    } catch (error) {
      setTurns(turns)
      setPrompt(prompt)
      toldFailure(words(error).title, words(error).detail)
    } finally {
      setBusy(false)
      running.current = null
    }
  }

  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <>
          {turns.length > 0 && (
            <Button variant="default" onClick={() => setTurns([])} disabled={busy}>
              {t('clear')}
            </Button>
          )}
          <Button
            variant="default"
            leftSection={<Icon name="plus" />}
            disabled={panes.length >= 4}
            onClick={() => setPanes([...panes, { id: crypto.randomUUID(), model: '' }])}
          >
            {t('addModel')}
          </Button>
        </>
      }
    >
      <div className="playground">
        <div className="playground-main">
          <div className="panes" style={{ gridTemplateColumns: `repeat(${panes.length}, minmax(260px, 1fr))` }}>
            {panes.map((pane) => (
              <Pane
                key={pane.id}
                pane={pane}
                turns={turns}
                settings={settings}
                draft={{ prompt, images, answers: {} }}
                onModel={(model) => setPanes(panes.map((each) => (each.id === pane.id ? { ...each, model } : each)))}
                {...(panes.length > 1 ? { onRemove: () => setPanes(panes.filter((each) => each.id !== pane.id)) } : {})}
              />
            ))}
          </div>
          {turns.length === 0 && may('playground:Use') && (
            <EmptyState icon="play" title={t('emptyTitle')} hint={t('emptyHint')} />
          )}
          {!may('playground:Use') && <EmptyState icon="role" title={common('deniedUse')} hint={t('denied')} />}
          <form
            hidden={!may('playground:Use')}
            className="card composer"
            onSubmit={(event) => {
              event.preventDefault()
              void askAll()
            }}
          >
            <Attachments images={images} onChange={setImages} />
            <Textarea
              aria-label={t('prompt')}
              placeholder={t('prompt')}
              autosize
              minRows={2}
              maxRows={10}
              value={prompt}
              data-page-search
              onChange={(event) => setPrompt(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void askAll()
              }}
              variant="unstyled"
            />
            <Group justify="space-between">
              <AttachButton onAdd={(added) => setImages([...images, ...added])} />
              {busy ? (
                <Button color="red" variant="light" onClick={() => running.current?.abort()}>
                  {t('stop')}
                </Button>
              ) : (
                <Tooltip label={t('noModel')} disabled={panes.some((pane) => pane.model)}>
                  <Button
                    type="submit"
                    rightSection={<Icon name="send" />}
                    disabled={!prompt.trim() || !panes.some((pane) => pane.model)}
                  >
                    {t('send')}
                  </Button>
                </Tooltip>
              )}
            </Group>
          </form>
        </div>
        <SettingsPanel settings={settings} onChange={setSettings} />
      </div>
    </Page>
  )
}
