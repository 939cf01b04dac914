/** Looks whether those who hold something in an incident are still in the workspace: of whoever was deactivated while nobody listened,
 *  the chat says nothing afterwards. Whoever is on the ladder is looked up when they are called. */
import { defineJob } from '../define.ts'
import type { Person } from '../incident/areas/area.ts'
import { holder, roles } from '../incident/areas/roles.ts'
import type { Incident } from '../incident/incident.ts'

/** Everybody with a role or an open to-do. */
const holders = (incident: Incident): ReadonlyMap<string, Person> =>
  new Map(
    [
      ...roles.map((role) => holder(incident, role)),
      ...incident.todos.filter(({ doneAt }) => doneAt === null).map(({ owner }) => owner),
    ].flatMap((who): [string, Person][] => (who?.kind === 'person' ? [[who.id, who]] : [])),
  )

export default defineJob({
  summary: 'Looks whether who has a role or a to-do is still in the workspace',
  expireInSeconds: 120,
  retryLimit: 20,
  concurrency: 1,
  coalesce: true,
  run: async ({ data }, context) => {
    const id = String(data['incident'])
    const loaded = await context.load(id)
    if (loaded === null || loaded.incident.stamps.resolve !== null) return
    for (const { id: person, slack } of holders(loaded.incident).values()) {
      if (slack === undefined) continue
      await context.mayCall('users.info', '')
      if ((await context.chat.member(slack))?.standing === 'deactivated') await context.handle(id, { type: 'person-gone', id: person })
    }
  },
})
