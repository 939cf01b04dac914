import { defineCommand, say } from '../../src/define.ts'
import { announced } from '../../src/incident/acting/control-post.ts'
import { whyFor } from '../../src/incident/acting/controls.ts'
import { nearest } from '../../src/incident/nearest.ts'
import { refuse } from '../../src/incident/refusals.ts'

const example = '/incident lock vercel:shop The database is being restored'

export default defineCommand({
  summary: 'Lock a target: no action changes it until it is unlocked',
  usage: 'lock [target] [why]',
  examples: ['/incident lock', example],
  needs: 'nothing',
  run: async ({ words, by, id, incident }, context) => {
    const [target = '', ...rest] = words.trim().split(/\s+/)
    if (target === '') {
      const { locks } = await context.actions.now()
      if (locks.size === 0) return say('Nothing is locked. To lock something: ', { code: example })
      const items = [...locks.values()].map((lock) => [
        { bold: lock.target },
        ` by ${lock.by.kind === 'person' ? lock.by.name : 'Tocsin'}: ${whyFor(lock, id)}`,
      ])
      return { parts: [{ kind: 'list', items }] }
    }
    const known = context.requests.targets()
    if (!known.includes(target))
      return { refused: refuse('unknown_target', { target, nearest: nearest(target, known), known: known.join(', ') }) }
    const why = rest.join(' ')
    if (why === '')
      return { refused: refuse('missing', { what: 'The reason', example: `/incident lock ${target} The database is being restored` }) }
    const refused = await context.actions.say({ by, what: 'lock', target, why, incident: id })
    return refused === null
      ? say(
          `🔒 Locked ${target}: no action starts on it, and nobody can approve one, before `,
          { code: `/incident unlock ${target}` },
          `. One that has started already goes on to its end. ${announced(incident, why)}`,
        )
      : { refused }
  },
})
