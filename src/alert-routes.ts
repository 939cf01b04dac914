/** The addresses that alert senders use, put together from the catalogue and the settings. */
import type { BotOptions } from './bot-options.ts'
import type { Catalogue } from './catalogue.ts'
import { createIntake } from './matching.ts'
import type { Metrics } from './metrics.ts'
import type { Store } from './store/database.ts'
import type { Queue } from './store/queue.ts'
import { alertRoutes } from './web/alerts.ts'

type Sources = Pick<BotOptions, 'registry' | 'environment' | 'webhookSecrets' | 'alertToken' | 'log'> & {
  readonly catalogue: Catalogue
  readonly store: Store
  readonly queue: Queue
  readonly metrics: Pick<Metrics, 'alertsReceived'>
}

/** The router for `/alerts/…`. A product's own secret goes before the common one. */
export const createAlertRoutes = (sources: Sources): ReturnType<typeof alertRoutes> => {
  const { registry, environment, webhookSecrets, alertToken, catalogue, store, queue, metrics, log } = sources
  const receive = createIntake({ store, queue, catalogue })
  return alertRoutes({
    sources: registry.alertSources,
    secretOf: (source, product) => {
      const own = product === null ? undefined : catalogue.product(product)?.alerts.secrets[source]
      return own === undefined ? (webhookSecrets[source] ?? alertToken) : environment[own]
    },
    broken: (product) => catalogue.broken.has(product.toLowerCase()),
    now: () => store.now(),
    receive: async (source, path, alerts) => {
      metrics.alertsReceived(source, alerts.length)
      await receive(source, path, alerts)
    },
    log,
  })
}
