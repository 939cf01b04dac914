import { defineCommand, say } from '../../src/define.ts'
import { announced } from '../../src/incident/acting/control-post.ts'
import { refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'Unlock a target',
  usage: 'unlock <target>',
  examples: ['/incident unlock vercel:shop'],
  needs: 'nothing',
  run: async ({ words, by, id, incident }, context) => {
    const [target = '', ...rest] = words.trim().split(/\s+/)
    if (target === '') return { refused: refuse('missing', { what: 'What to unlock', example: '/incident unlock vercel:shop' }) }
    const why = rest.join(' ')
    const refused = await context.actions.say({ by, what: 'unlock', target, why, incident: id })
    return refused === null ? say(`🔓 Unlocked ${target}. ${announced(incident, why)}`) : { refused }
  },
})
