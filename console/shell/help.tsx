import { Group, Kbd, Modal, SimpleGrid, Text } from '@mantine/core'
import { useText } from '../i18n/text.ts'
import { ALL_ROOMS, ROOM_TEXT } from './rooms.ts'
import { SHELL_TEXT } from './text.ts'

export function HelpDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const t = useText(SHELL_TEXT)
  const room = useText(ROOM_TEXT)
  const lines: [keys: string[], words: string][] = [
    [['Ctrl', 'K'], t('helpPalette')],
    [['/'], t('helpSearch')],
    [['?'], t('helpHelp')],
    [['↑', '↓'], t('helpRows')],
    [['Enter'], t('helpOpen')],
    [['Esc'], t('helpClose')],
    ...ALL_ROOMS.map(({ name, letter }): [string[], string] => [['g', letter], t('helpGo', { room: room(name) })]),
  ]
  return (
    <Modal opened={opened} onClose={onClose} title={t('help')} size="lg">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg" verticalSpacing={8}>
        {lines.map(([keys, words]) => (
          <Group key={words} justify="space-between" wrap="nowrap">
            <Text size="sm">{words}</Text>
            <Group gap={4} wrap="nowrap">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </SimpleGrid>
    </Modal>
  )
}
