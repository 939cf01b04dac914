import { defineCommand, say } from '../../src/define.ts'
import { announced } from '../../src/incident/acting/control-post.ts'

export default defineCommand({
  summary: 'Stop all actions of all products, at once',
  usage: 'freeze <why>',
  examples: ['/incident freeze Somebody has the bot’s account'],
  needs: 'nothing',
  run: async ({ words, by, id, incident }, context) => {
    const refused = await context.actions.say({ by, what: 'freeze', target: '*', why: words, incident: id })
    return refused === null
      ? say(
          '🧊 No action starts any more, in no product, and nobody can approve one; what was to return by itself waits, too. What has started already goes on to its end, with all of its steps; one that waits for a person can be given up: ',
          { code: '/incident deny <n>' },
          '. To let them start again: ',
          { code: '/incident unfreeze' },
          `. ${announced(incident, words)}`,
        )
      : { refused }
  },
})
