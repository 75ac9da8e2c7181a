import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What axe finds serious or worse, one line each; empty is what a page should be. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated through the debugger: the page's own policy refuses injected scripts, as it should.
  await page.evaluate(`${axe.source}; undefined`)
  const found = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.target.join(' ') + ' | ' + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? '')) })))",
  )) as { id: string; impact: string; nodes: string[] }[]
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.slice(0, 4).map((node) => `${id}: ${node}`))
}
