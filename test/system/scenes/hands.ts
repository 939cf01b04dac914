/** What people do by hand: there is no vendor but them, so what is kept is the answer of the bot's own database. */
import type { Builder, Stage } from './scene.ts'

/** An event of this record: it is committed, or is about to be. */
const event = ({ proxy, incident }: Stage, type: string) =>
  proxy.park({ sql: new RegExp(`insert into tocsin\\.event(?=[^]*${incident()}\\b)(?=[^]*${type})`), of: 'commit', when: 'before' })

/** Killed when the last step was ticked off, and its end is not recorded. */
export const steps: Builder = (stage) =>
  Promise.resolve({
    kind: 'manual',
    options: { target: 'desk:kiosk', steps: ['Look at it.'], risk: 'low' },
    target: 'desk:kiosk',
    keep: () => Promise.resolve({ happened: event(stage, 'action-ran') }),
    until: async ({ becomes, say }) => {
      await becomes(1, ({ task }) => task !== null, 'a step to do')
      await say('bob', '/incident tick 1 1')
    },
    deeds: () => [],
  })

/** Killed as somebody ticks off the first step: that was not recorded. They see that, and do it again. */
export const rotation: Builder = (stage) => {
  const done: string[] = []
  const target = 'secret:kiosk:STRIPE_KEY'
  return Promise.resolve({
    kind: 'secret.rotate',
    options: {
      product: 'kiosk',
      secrets: { STRIPE_KEY: { make: 'Stripe → API keys → Roll key', way: 'rolling', remove: 'Stripe → API keys → Expire' } },
    },
    target,
    input: 'name=STRIPE_KEY',
    keep: () => Promise.resolve({ happened: event(stage, 'action-ticked') }),
    until: async ({ becomes, say }) => {
      await becomes(1, ({ task }) => task !== null, 'a first step')
      // No answer comes.
      say('bob', '/incident tick 1 1').catch(() => undefined)
    },
    afterwards: async ({ becomes, say }) => {
      for (const step of [1, 2, 3]) {
        const { task, ticks } = await becomes(1, (request) => request.task?.text.startsWith(`Step ${step} `) === true, `step ${step}`)
        done.push(`${task?.text.slice(0, 11)}, ${ticks.length} ticked off`)
        await say('bob', `/incident tick 1 ${ticks.length + 1}`)
      }
    },
    deeds: () => done,
  })
}
