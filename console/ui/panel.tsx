import { Drawer } from '@mantine/core'
import type { ReactNode } from 'react'
import { COMMON } from '../i18n/common.ts'
import { useText } from '../i18n/text.ts'

/** A sheet at the side that keeps the list in sight. Escape closes it; the whole width on a phone. */
export function SidePanel({
  opened,
  onClose,
  title,
  size = 640,
  children,
}: {
  opened: boolean
  onClose: () => void
  title: ReactNode
  size?: number
  children: ReactNode
}) {
  const t = useText(COMMON)
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={title}
      size={`min(${size}px, 100vw)`}
      closeButtonProps={{ 'aria-label': t('close') }}
      styles={{
        title: { fontWeight: 640, fontSize: 17, minWidth: 0 },
        header: { borderBottom: '1px solid var(--portreeve-line)' },
      }}
    >
      <div style={{ paddingTop: '0.9rem' }}>{children}</div>
    </Drawer>
  )
}
