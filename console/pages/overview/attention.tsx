import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { listAttention } from '../../../src/contract/api/overview.ts'
import { api } from '../../api.ts'
import { fill, useLanguage, useText } from '../../i18n/text.ts'
import { useOpen } from '../../router.tsx'
import { Icon } from '../../ui/icons.tsx'
import { OVERVIEW_TEXT } from './text.ts'

/** What a person should look at, worst first; says so when there is nothing. */
export function AttentionList() {
  const t = useText(OVERVIEW_TEXT)
  const language = useLanguage()
  const open = useOpen()
  const { data } = useQuery({
    queryKey: ['attention'],
    queryFn: ({ signal }) => api(listAttention, {}, { signal }),
    refetchInterval: 30_000,
  })
  if (!data || data.data.length === 0) return null
  return (
    <section className="card" aria-label={t('attention')}>
      {data.data.map((item) => {
        // The server's sentence is English and exact; in other languages its kind and values say the same.
        const text = language === 'en' ? item.message : fill(OVERVIEW_TEXT[item.kind][1], language, item.values)
        return (
          <div key={`${item.kind} ${item.message}`} className="attention">
            <span className={item.severity === 'critical' ? 'bad' : 'warn'} style={{ display: 'flex' }}>
              <Icon name={item.severity === 'critical' ? 'cross' : 'warn'} size={18} />
            </span>
            <span style={{ flex: 1, minWidth: 0 }}>{text}</span>
            {item.path && (
              <Button variant="default" size="compact-sm" onClick={() => open(item.path ?? '/')}>
                {t('look')}
              </Button>
            )}
          </div>
        )
      })}
    </section>
  )
}
