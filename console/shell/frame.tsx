import { AppShell, Burger, Group, Kbd, Menu, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { spotlight } from '@mantine/spotlight'
import { Link, Outlet, useNavigate, useRouter } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useContext, useEffect } from 'react'
import { signOut } from '../../src/contract/api/people.ts'
import { api, forgetSession, useMe } from '../api.ts'
import { LanguageContext, useText } from '../i18n/text.ts'
import { COMMON } from '../i18n/common.ts'
import { Icon, Logo } from '../ui/icons.tsx'
import { ALL_ROOMS, ROOM_TEXT, ROOMS } from './rooms.ts'
import { useShortcuts } from './shortcuts.ts'
import { SHELL_TEXT } from './text.ts'

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))
const HelpDialog = lazy(async () => ({ default: (await import('./help.tsx')).HelpDialog }))

/** The frame around every room: rail, search, account. */
export function Frame() {
  const t = useText(SHELL_TEXT)
  const common = useText(COMMON)
  const [navigation, { toggle: toggleNavigation, close: closeNavigation }] = useDisclosure(false)
  const [helping, help] = useDisclosure(false)
  const navigate = useNavigate()
  const router = useRouter()
  // Here and not in the palette, which is loaded a moment later: the key works from the first paint on.
  useHotkeys([['mod+K', spotlight.toggle]], [])
  useEffect(
    () =>
      router.subscribe('onBeforeLoad', ({ pathChanged }) => {
        if (!pathChanged) return
        closeNavigation()
        scrollTo(0, 0)
      }),
    [router, closeNavigation],
  )
  useShortcuts(
    useCallback(
      (letter) => {
        const room = ALL_ROOMS.find((each) => each.letter === letter)
        if (room) void navigate({ to: room.to })
        return room !== undefined
      },
      [navigate],
    ),
    help.open,
  )
  return (
    <AppShell
      layout="alt"
      header={{ height: 52 }}
      navbar={{ width: 224, breakpoint: 'sm', collapsed: { mobile: !navigation } }}
    >
      <a className="skip-link" href="#content">
        {common('skip')}
      </a>
      <AppShell.Header px="md" style={{ background: 'var(--portreeve-surface)', borderColor: 'var(--portreeve-line)' }}>
        <Group h="100%" justify="space-between" wrap="nowrap" gap="sm">
          <Burger
            opened={navigation}
            onClick={toggleNavigation}
            hiddenFrom="sm"
            size="sm"
            aria-label={t('openNavigation')}
            aria-expanded={navigation}
          />
          <UnstyledButton
            onClick={spotlight.open}
            className="sunken"
            style={{
              display: 'flex',
              alignItems: 'center',
              gap: 8,
              flex: '0 1 360px',
              minWidth: 0,
              height: 34,
              padding: '0 10px',
              borderRadius: 6,
              border: '1px solid var(--portreeve-line)',
              color: 'var(--portreeve-quiet)',
              fontSize: 13,
            }}
          >
            <Icon name="search" />
            <span className="clip" style={{ flex: 1 }}>
              {t('searchAll')}
            </span>
            <Kbd size="xs" visibleFrom="xs">
              Ctrl K
            </Kbd>
          </UnstyledButton>
          <Group gap={4} wrap="nowrap">
            <HeaderButton label={t('help')} onClick={help.open} icon="question" />
            <LanguageMenu />
            <SchemeMenu />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="rail" p="xs" zIndex={300}>
        <Rail onClose={closeNavigation} />
      </AppShell.Navbar>
      <AppShell.Main>
        <div id="content" tabIndex={-1} style={{ outline: 'none' }}>
          <Outlet />
        </div>
      </AppShell.Main>
      <Suspense>
        <Palette />
        {helping && <HelpDialog opened onClose={help.close} />}
      </Suspense>
    </AppShell>
  )
}

function Rail({ onClose }: { onClose: () => void }) {
  const t = useText(SHELL_TEXT)
  const room = useText(ROOM_TEXT)
  return (
    <nav
      aria-label={t('navigation')}
      style={{ display: 'flex', flexDirection: 'column', height: '100%', overflowY: 'auto' }}
    >
      <Group px="xs" py={6} gap={10} c="white" justify="space-between" wrap="nowrap">
        <Group gap={10} wrap="nowrap">
          <Logo />
          <Text fw={680} fz={17} lts={0.2}>
            Portreeve
          </Text>
        </Group>
        <Burger opened onClick={onClose} hiddenFrom="sm" size="sm" color="white" aria-label={t('openNavigation')} />
      </Group>
      {ROOMS.map(({ group, rooms }) => (
        <div key={group} style={group === 'gateway' ? { marginTop: 'auto' } : undefined}>
          <div className="rail-group">{room(group)}</div>
          {rooms.map(({ name, to, icon, letter }) => (
            <Link key={name} to={to} className="rail-link" activeOptions={{ exact: to === '/', includeSearch: false }}>
              <Icon name={icon} size={17} />
              {room(name)}
              <kbd aria-hidden="true">g {letter}</kbd>
            </Link>
          ))}
        </div>
      ))}
    </nav>
  )
}

function HeaderButton({ label, icon, onClick }: { label: string; icon: 'question'; onClick: () => void }) {
  return (
    <UnstyledButton
      aria-label={label}
      title={label}
      onClick={onClick}
      p={7}
      visibleFrom="xs"
      style={{ display: 'flex' }}
    >
      <Icon name={icon} size={18} />
    </UnstyledButton>
  )
}

function LanguageMenu() {
  const t = useText(SHELL_TEXT)
  const { language, setLanguage } = useContext(LanguageContext)
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton aria-label={t('language')} title={t('language')} p={7} style={{ display: 'flex' }}>
          <Icon name="language" size={18} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {(['en', 'zh-CN'] as const).map((each) => (
          <Menu.Item
            key={each}
            lang={each}
            onClick={() => setLanguage(each)}
            rightSection={each === language ? <Icon name="check" /> : null}
          >
            {each === 'en' ? 'English' : '简体中文'}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function SchemeMenu() {
  const t = useText(SHELL_TEXT)
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const icon = colorScheme === 'light' ? 'sun' : colorScheme === 'dark' ? 'moon' : 'screen'
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton aria-label={t('scheme')} title={t('scheme')} p={7} style={{ display: 'flex' }}>
          <Icon name={icon} size={18} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {(['light', 'dark', 'auto'] as const).map((each) => (
          <Menu.Item
            key={each}
            leftSection={<Icon name={each === 'light' ? 'sun' : each === 'dark' ? 'moon' : 'screen'} />}
            onClick={() => setColorScheme(each)}
            rightSection={each === colorScheme ? <Icon name="check" /> : null}
          >
            {t(each === 'auto' ? 'system' : each)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function AccountMenu() {
  const t = useText(SHELL_TEXT)
  const me = useMe()
  const navigate = useNavigate()
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <UnstyledButton aria-label={t('account')} title={t('account')} p={7} style={{ display: 'flex' }}>
          <Icon name="user" size={18} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)" className="clip">
            {me?.user?.name}
          </Text>
          <span className="clip" style={{ display: 'block' }}>
            {me?.user?.email} · {me?.role}
          </span>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item
          leftSection={<Icon name="screen" />}
          onClick={() => void navigate({ to: '/settings', search: { tab: 'sessions' } })}
        >
          {t('sessions')}
        </Menu.Item>
        <Menu.Item
          leftSection={<Icon name="key" />}
          onClick={() => void navigate({ to: '/settings', search: { tab: 'password' } })}
        >
          {t('password')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="out" />} onClick={() => void api(signOut).finally(forgetSession)}>
          {t('signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
