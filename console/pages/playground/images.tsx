import { ActionIcon, FileButton, Group, Tooltip } from '@mantine/core'
import { useText } from '../../i18n/text.ts'
import { Icon } from '../../ui/icons.tsx'
import { PLAYGROUND_TEXT } from './text.ts'

const asDataUrl = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () => resolve(typeof reader.result === 'string' ? reader.result : ''))
    reader.addEventListener('error', () => reject(new Error(`${file.name} could not be read`)))
    reader.readAsDataURL(file)
  })

export function AttachButton({ onAdd }: { onAdd: (images: string[]) => void }) {
  const t = useText(PLAYGROUND_TEXT)
  return (
    <FileButton
      accept="image/png,image/jpeg,image/webp,image/gif"
      multiple
      onChange={(files) => void Promise.all(files.map(asDataUrl)).then(onAdd)}
    >
      {(props) => (
        <Tooltip label={t('image')}>
          <ActionIcon {...props} aria-label={t('image')} size={32}>
            <Icon name="image" size={18} />
          </ActionIcon>
        </Tooltip>
      )}
    </FileButton>
  )
}

export function Attachments({ images, onChange }: { images: readonly string[]; onChange: (images: string[]) => void }) {
  const t = useText(PLAYGROUND_TEXT)
  if (images.length === 0) return null
  return (
    <Group gap="xs">
      {images.map((image, index) => (
        <div key={index} style={{ position: 'relative' }}>
          <img src={image} alt="" style={{ height: 56, borderRadius: 6, display: 'block' }} />
          <ActionIcon
            size={24}
            variant="filled"
            aria-label={t('removeImage', { n: index + 1 })}
            style={{ position: 'absolute', top: -8, right: -8 }}
            onClick={() => onChange(images.filter((_, at) => at !== index))}
          >
            <Icon name="cross" size={12} />
          </ActionIcon>
        </div>
      ))}
    </Group>
  )
}
