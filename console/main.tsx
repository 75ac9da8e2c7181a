import './styles.css'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { setNonce } from 'get-nonce'
import { type ReactNode, StrictMode, useMemo, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { queries } from './api.ts'
import { type Language, LanguageContext } from './i18n/text.ts'
import { router } from './router.tsx'
import { theme } from './theme.ts'

const nonce = document.querySelector<HTMLMetaElement>('meta[name=style-nonce]')?.content ?? ''
setNonce(nonce)
const schemes = localStorageColorSchemeManager({ key: 'portreeve-scheme' })

function Languages({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => (document.documentElement.lang === 'zh-CN' ? 'zh-CN' : 'en'))
  const value = useMemo(
    () => ({
      language,
      setLanguage: (next: Language) => {
        document.documentElement.lang = next
        try {
          localStorage.setItem('portreeve-language', next)
        } catch {
          // A browser that stores nothing still switches, until it is closed.
        }
        setLanguage(next)
      },
    }),
    [language],
  )
  return <LanguageContext value={value}>{children}</LanguageContext>
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={schemes} getStyleNonce={() => nonce}>
      <QueryClientProvider client={queries}>
        <Languages>
          <Notifications position="bottom-right" limit={4} />
          <RouterProvider router={router} />
        </Languages>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
