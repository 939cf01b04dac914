import { defineCommand, say } from '../../src/define.ts'
import { announced } from '../../src/incident/acting/control-post.ts'

export default defineCommand({
  summary: 'Let actions run again',
  usage: 'unfreeze',
  examples: ['/incident unfreeze'],
  needs: 'nothing',
  run: async ({ words, by, id, incident }, context) => {
    const refused = await context.actions.say({ by, what: 'unfreeze', target: '*', why: words, incident: id })
    return refused === null ? say(`✅ Actions run again, once they are approved. ${announced(incident, words)}`) : { refused }
  },
})
