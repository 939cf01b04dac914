/** Takes alerts in and settles them: each opens an incident, joins one, resolves in one, or is kept with the reason why it does none of these. */
import type { Catalogue, Product } from './catalogue.ts'
import type { Actor, AlertRef } from './incident/events.ts'
import { severityOf } from './incident/match.ts'
import { keepLine, mask, maskLabels, shorten } from './incident/text.ts'
import type { ParsedAlert } from './define.ts'
import type { Handle } from './handle.ts'
import { adoptStarts, type AlertRow, alertsToMatch, markAlert, writeAlerts } from './store/alerts.ts'
import type { Store, Trx } from './store/database.ts'
import { openThroughMerge, openWithRule } from './store/events.ts'
import { openIncidents } from './store/reads.ts'
import type { Queue } from './store/queue.ts'

/** The first of the product's names for a field that the alert carries. */
const labelled = (labels: Readonly<Record<string, string>>, names: readonly string[]): string | null =>
  names.map((name) => labels[name]).find((value) => value !== undefined && value !== '') ?? null

/** The product that an alert belongs to: the one that the address names, the one that the alert names, or the one whose own label
 *  for products names it; `unassigned` when that is unknown, so that nothing is dropped. */
const productOf = (alert: ParsedAlert, path: string | null, catalogue: Catalogue): Product => {
  if (path !== null) return catalogue.product(path) ?? catalogue.unassigned
  const mapped = (product: Product) => catalogue.product(labelled(alert.labels, product.alerts.labels.product) ?? '') === product
  return catalogue.product(alert.product ?? '') ?? [...catalogue.products.values()].find(mapped) ?? catalogue.unassigned
}

/** The alert as its product understands it, with the product's key in the catalogue. What must not be stored is masked. */
const understood = (alert: ParsedAlert, path: string | null, catalogue: Catalogue): ParsedAlert => {
  const product = productOf(alert, path, catalogue)
  const { labels } = product.alerts
  return {
    ...alert,
    product: product.key,
    severity: alert.severity ?? labelled(alert.labels, labels.severity),
    rule: keepLine(alert.rule) || keepLine(labelled(alert.labels, labels.alertname) ?? '') || 'alert',
    summary: keepLine(alert.summary === '' ? (labelled(alert.labels, labels.summary) ?? '') : alert.summary),
    labels: maskLabels(alert.labels),
    ...(alert.url === undefined ? {} : { url: mask(alert.url) }),
  }
}

/** Writes the alerts of one payload and the jobs that match them, in one transaction. `path`: the product that the address names. */
export const createIntake =
  ({ store, queue, catalogue }: { store: Store; queue: Queue; catalogue: Catalogue }) =>
  (source: string, path: string | null, alerts: readonly ParsedAlert[]): Promise<void> =>
    store.transaction(async (trx) => {
      const known = alerts.map((alert) => understood(alert, path, catalogue))
      const keys = await writeAlerts(trx, source, await adoptStarts(trx, source, known))
      await queue.enqueue(
        trx,
        keys.map(({ product, rule }) => ({
          queue: 'match',
          data: { product: product ?? catalogue.unassigned.key, rule },
          key: `${product}/${rule}`,
        })),
      )
    })

const refOf = ({ source, fingerprint, startsAt, rule, summary, severity, url, labels }: AlertRow): AlertRef => ({
  source,
  fingerprint,
  startsAt,
  rule,
  summary,
  severity,
  labels,
  ...(url === undefined ? {} : { url }),
})

/** Settles all alerts of one product and rule that wait, in one transaction with the events that they cause. */
export const createMatcher = ({ store, handle, catalogue }: { store: Store; handle: Handle; catalogue: Catalogue }) => {
  const settle = async (trx: Trx, row: AlertRow, productKey: string): Promise<{ incident?: string; outcome: string }> => {
    const scope = handle.within(trx)
    const by: Actor = { kind: 'alert', source: row.source }
    const alert = refOf(row)
    if (row.state === 'resolved') {
      if (row.incident === null) return { outcome: 'cleared before it was matched: opens nothing' }
      await scope.handle(
        row.incident,
        {
          type: 'resolve-alert',
          source: row.source,
          fingerprint: row.fingerprint,
          startsAt: row.startsAt,
          endsAt: row.endsAt ?? row.startsAt,
        },
        by,
      )
      return { outcome: `cleared in ${row.incident}` }
    }
    const product = catalogue.product(productKey) ?? catalogue.unassigned
    const effect = severityOf(row.severity, product.defaultSeverity, { labels: row.labels, aliases: product.severityWords.aliases })
    if (effect === 'recorded') return { outcome: 'information only: recorded' }
    const join = async (id: string) => {
      await scope.handle(id, { type: 'join-alert', alert }, by)
      return { incident: id, outcome: `joined ${id}` }
    }
    const sameRule = (await openWithRule(trx, product.key, row.rule)) ?? (await openThroughMerge(trx, product.key, row.rule))
    if (sameRule !== null) return join(sameRule)
    if (effect === 'joins') {
      const open = (await openIncidents(trx)).find(
        (incident) => incident.product === product.key && (incident.kind === 'incident' || incident.kind === 'disaster'),
      )
      return open === undefined ? { outcome: 'a warning, and nothing is open for its product: recorded' } : join(open.id)
    }
    const declared = await scope.declare(
      {
        kind: 'incident',
        product: { key: product.key, name: product.name, links: product.links, hash: product.hash },
        title: shorten(row.summary === '' ? row.rule : row.summary, 300),
        summary: effect.said,
        policy: product.policy(effect.opens),
        private: false,
        rule: row.rule,
        alert,
        runbooks: catalogue.suggestRunbooks(product, {
          severity: effect.opens,
          text: row.summary,
          alert: { rule: row.rule, runbook: row.labels['runbook'] ?? null },
        }),
      },
      by,
    )
    // `within` throws a refused declaration; a decision that gives neither is a bug.
    if ('refused' in declared) throw new Error(`an alert could not open an incident: ${declared.refused.code}`)
    return { incident: declared.incident.id, outcome: `opened ${declared.incident.id}` }
  }

  return (product: string, rule: string): Promise<void> =>
    store.transaction(async (trx) => {
      for (const row of await alertsToMatch(trx, product, rule)) await markAlert(trx, row, await settle(trx, row, product))
    })
}
