import { ActionIcon, Tooltip } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useText } from '../i18n/text.ts'
import { COMMON } from '../i18n/common.ts'
import { Icon } from './icons.tsx'

export function CopyButton({ value, label }: { value: string; label?: string }) {
  const t = useText(COMMON)
  const clipboard = useClipboard({ timeout: 1500 })
  const words = clipboard.copied ? t('copied') : (label ?? t('copy'))
  return (
    <Tooltip label={words}>
      <ActionIcon aria-label={words} onClick={() => clipboard.copy(value)} size={28}>
        <span className={clipboard.copied ? 'good' : undefined} style={{ display: 'flex' }}>
          <Icon name={clipboard.copied ? 'check' : 'copy'} size={15} />
        </span>
      </ActionIcon>
    </Tooltip>
  )
}

/** Text to read and take away. */
export function CodeBlock({
  code,
  label,
  wrap = false,
  maxHeight,
}: {
  code: string
  label: string
  wrap?: boolean
  maxHeight?: number
}) {
  return (
    <div className="code-block">
      {/* A scrolling region must be reachable by keyboard. */}
      <pre
        tabIndex={0}
        role="region"
        aria-label={label}
        {...(wrap ? { 'data-wrap': true } : {})}
        style={maxHeight ? { maxHeight } : undefined}
      >
        <code>{code}</code>
      </pre>
      <span className="code-copy">
        <CopyButton value={code} />
      </span>
    </div>
  )
}
