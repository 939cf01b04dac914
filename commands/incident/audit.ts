import { defineCommand, say } from '../../src/define.ts'

export default defineCommand({
  summary: 'Is the record whole? Verifies the chain of every event',
  usage: 'audit',
  examples: ['/incident audit', '/incident audit INC-12'],
  needs: 'id',
  run: async ({ id }, { verify }) => {
    if (id === null) throw new Error('audit was run without an incident')
    const chain = await verify(id)
    return chain.whole
      ? say(`✅ ${id} is whole: ${chain.events} events, each chained to the one before. Head `, { code: chain.head.slice(0, 16) }, '.')
      : say(`🔴 ${id} is broken at event ${chain.seq}: ${chain.why}. Keep the database as it is, and tell whoever is responsible for it.`)
  },
})
