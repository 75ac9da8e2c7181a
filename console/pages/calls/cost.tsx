import { Text } from '@mantine/core'
import type { CallDetail } from '../../../src/contract/api/calls.ts'
import { useFormat } from '../../i18n/format.ts'
import { type Translate, useText } from '../../i18n/text.ts'
import { Money } from '../../ui/values.tsx'
import { CALLS_TEXT } from './text.ts'

/** Tokens by class, their price, and what they come to. */
export function CallCost({ call }: { call: CallDetail }) {
  const t = useText(CALLS_TEXT)
  const format = useFormat()
  return (
    <>
      <div className="card">
        <table className="data-table">
          <thead>
            <tr>
              <th scope="col">{t('tokenClass')}</th>
              <th scope="col" className="num">
                {t('count')}
              </th>
              <th scope="col" className="num">
                {t('price')}
              </th>
              <th scope="col" className="num">
                {t('cost')}
              </th>
            </tr>
          </thead>
          <tbody>
            {call.cost.lines.map((line) => (
              <tr key={line.kind}>
                <td>{kindName(t, line.kind)}</td>
                <td className="num">{format.number(line.tokens)}</td>
                <td className="num">
                  <Money micros={line.price_micros} price />
                </td>
                <td className="num">
                  <Money micros={line.cost_micros} />
                </td>
              </tr>
            ))}
            <tr>
              <td colSpan={3}>
                <b>{t('total')}</b>{' '}
                <span className="quiet">{call.price_source && `${t('priceSource')}: ${call.price_source}`}</span>
              </td>
              <td className="num">
                <b>
                  <Money micros={call.cost_micros} />
                </b>
              </td>
            </tr>
          </tbody>
        </table>
      </div>
      {!call.cost.matches && call.cost_micros !== null && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('mismatch')}
        </Text>
      )}
    </>
  )
}

function kindName(t: Translate<typeof CALLS_TEXT>, kind: string): string {
  const key = `kind_${kind}`
  return key in CALLS_TEXT ? t(key as 'kind_input') : kind
}
