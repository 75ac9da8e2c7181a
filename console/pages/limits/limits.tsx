import { useQuery } from '@tanstack/react-query'
import { deleteLimit, type LimitView, listLimits } from '../../../src/contract/api/rules.ts'
import { api } from '../../api.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { Meter } from '../../ui/chart/shares.tsx'
import { Loaded } from '../../ui/states.tsx'
import { LimitForm } from './limit-form.tsx'
import { RATES } from './rates.ts'
import { RuleTable } from './rule-table.tsx'
import { ScopeWords } from './selector.tsx'
import { LIMITS_TEXT } from './text.ts'

export function Limits({ opened, onOpen }: { opened: boolean; onOpen: (open: boolean) => void }) {
  const t = useText(LIMITS_TEXT)
  const format = useFormat()
  const query = useQuery({
    queryKey: ['limits'],
    queryFn: ({ signal }) => api(listLimits, { query: { limit: 200 } }, { signal }),
    refetchInterval: 5_000,
  })
  return (
    <Loaded query={query}>
      {({ data }) => (
        <RuleTable<LimitView>
          title={t('limits')}
          note={t('limitsHint')}
          add={t('newLimit')}
          action="limits:Update"
          names={['limits']}
          rows={data}
          opened={opened}
          onOpen={onOpen}
          empty={[t('noLimits'), t('noLimitsHint')]}
          remove={(row) => api(deleteLimit, { params: { name: row.name } }, { version: row.version })}
          renderForm={(row, close) => <LimitForm view={row} onClose={close} />}
          columns={[
            {
              key: 'for',
              title: t('for'),
              wide: true,
              render: (row) => <ScopeWords selector={row.for} per={row.per} />,
            },
            {
              key: 'rates',
              title: t('rates'),
              render: (row) =>
                RATES.flatMap((rate) =>
                  row[rate] === undefined ? [] : [`${t(rate)}: ${format.number(row[rate])}`],
                ).map((text) => <div key={text}>{text}</div>),
            },
            { key: 'used', title: t('used'), width: '34%', render: (row) => <LimitUse view={row} /> },
          ]}
        />
      )}
    </Loaded>
  )
}

/** What is used now, the fullest first. */
function LimitUse({ view }: { view: LimitView }) {
  const t = useText(LIMITS_TEXT)
  const format = useFormat()
  if (view.used === null) return <span className="quiet">{t('elsewhere')}</span>
  if (view.used.length === 0) return <span className="quiet">{t('notUsed')}</span>
  return (
    <>
      {view.used.slice(0, 3).map(({ share, measure, limit, used }) => {
        const who = Object.values(share).join(' · ')
        const words = t('usedOf', { used: format.compact(used), limit: format.compact(limit) })
        return (
          <div key={`${who} ${measure}`} style={{ padding: '2px 0' }}>
            <div className="use-line">
              <span className="clip">
                {who || t('shared')}{' '}
                <span className="quiet">{measure in LIMITS_TEXT ? t(measure as 'in_flight') : measure}</span>
              </span>
              <span>{words}</span>
            </div>
            <Meter share={limit ? used / limit : 0} label={`${view.name} ${who}: ${words}`} />
          </div>
        )
      })}
    </>
  )
}
