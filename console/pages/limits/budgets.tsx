import { useQuery } from '@tanstack/react-query'
import { type BudgetView, deleteBudget, listBudgets } from '../../../src/contract/api/rules.ts'
import { api } from '../../api.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { Meter } from '../../ui/chart/shares.tsx'
import { Loaded } from '../../ui/states.tsx'
import { RelativeTime } from '../../ui/values.tsx'
import { BudgetForm } from './budget-form.tsx'
import { RuleTable } from './rule-table.tsx'
import { ScopeWords } from './selector.tsx'
import { LIMITS_TEXT } from './text.ts'

export function Budgets({ opened, onOpen }: { opened: boolean; onOpen: (open: boolean) => void }) {
  const t = useText(LIMITS_TEXT)
  const format = useFormat()
  const query = useQuery({
    queryKey: ['budgets'],
    queryFn: ({ signal }) => api(listBudgets, { query: { limit: 200 } }, { signal }),
    refetchInterval: 5_000,
  })
  return (
    <Loaded query={query}>
      {({ data }) => (
        <RuleTable<BudgetView>
          title={t('budgets')}
          note={t('budgetsHint')}
          add={t('newBudget')}
          action="budgets:Update"
          names={['budgets']}
          rows={data}
          opened={opened}
          onOpen={onOpen}
          empty={[t('noBudgets'), t('noBudgetsHint')]}
          remove={(row) => api(deleteBudget, { params: { name: row.name } }, { version: row.version })}
          renderForm={(row, close) => <BudgetForm view={row} onClose={close} />}
          columns={[
            {
              key: 'for',
              title: t('for'),
              wide: true,
              render: (row) => <ScopeWords selector={row.for} per={row.per} />,
            },
            {
              key: 'amount',
              title: t('amount'),
              render: (row) => (
                <>
                  <b>{format.compactMoney(row.amount_micros)}</b> <span className="quiet">{t(row.period)}</span>
                  <div className="quiet" style={{ fontSize: 12 }}>
                    {t(row.mode)}
                  </div>
                </>
              ),
            },
            { key: 'used', title: t('used'), width: '34%', render: (row) => <BudgetUse view={row} /> },
          ]}
        />
      )}
    </Loaded>
  )
}

/** What is spent in this period and held for running calls, the fullest first. */
function BudgetUse({ view }: { view: BudgetView }) {
  const t = useText(LIMITS_TEXT)
  const format = useFormat()
  if (view.used === null) return <span className="quiet">{t('elsewhere')}</span>
  if (view.used.length === 0) return <span className="quiet">{t('notUsed')}</span>
  return (
    <>
      {view.used.slice(0, 4).map(({ share, spent_micros, reserved_micros, resets_at }) => {
        const who = Object.values(share).join(' · ')
        const words = t('spentOf', {
          spent: format.compactMoney(spent_micros),
          amount: format.compactMoney(view.amount_micros),
        })
        return (
          <div key={who} style={{ padding: '2px 0' }}>
            <div className="use-line">
              <span className="clip">{who || t('shared')}</span>
              <span>{words}</span>
            </div>
            <Meter
              share={view.amount_micros ? (spent_micros + reserved_micros) / view.amount_micros : 1}
              label={`${view.name} ${who}: ${words}`}
            />
            <div className="quiet use-line">
              <span>{reserved_micros > 0 && t('reserved', { money: format.money(reserved_micros) })}</span>
              {resets_at && (
                <span>
                  ↻ <RelativeTime at={resets_at} />
                </span>
              )}
            </div>
          </div>
        )
      })}
    </>
  )
}
