/** Tells whoever is to do something, and is not in the channel where that was said. Of a private record they are told nothing: whoever
 *  asked for it is told that they are not there. */
import { addMinutes } from 'date-fns/addMinutes'
import { defineJob, type JobContext, type Loaded } from '../define.ts'
import type { Person } from '../incident/areas/area.ts'
import { absentOwner, todoForYou, type Todo } from '../incident/areas/todos.ts'
import { PortFault } from '../ports.ts'

/** The to-do while it is still to be told of, with its owner and who asked for it. */
const wanted = ({ incident, events }: Loaded, number: number): { todo: Todo; owner: Person; by: Person | null } | null => {
  const todo = incident.todos.find((each) => each.todo === number)
  const added = events.findLast(({ event }) => event.type === 'todo-added' && event.todo === number)
  if (todo?.owner == null || todo.doneAt !== null || added === undefined) return null
  return { todo, owner: todo.owner, by: added.by.kind === 'person' ? added.by : null }
}

/** Whether they are in the channel; null when it cannot be looked into. */
const isThere = async (channel: string, user: string, { chat }: JobContext): Promise<boolean | null> => {
  try {
    return (await chat.members(channel)).includes(user)
  } catch (fault) {
    if (!(fault instanceof PortFault) || fault.code === 'limited' || fault.code === 'unavailable') throw fault
    return null
  }
}

/** Whoever asked is told where they asked, as far as they are there themselves. */
const tellAsker = async (channel: string, by: Person | null, owner: Person, todo: Todo, context: JobContext): Promise<void> => {
  if (by?.slack === undefined) return
  await context.mayCall('chat.postEphemeral', channel)
  try {
    await context.chat.ephemeral(channel, by.slack, absentOwner(todo, owner))
  } catch (fault) {
    if (!(fault instanceof PortFault) || (fault.code !== 'absent' && fault.code !== 'gone' && fault.code !== 'outside')) throw fault
  }
}

/** News that is older than this is none. */
const lateMinutes = 24 * 60

export default defineJob({
  summary: 'Tells somebody who is not in the channel what they are to do',
  expireInSeconds: 60,
  retryLimit: 10,
  concurrency: 2,
  coalesce: false,
  run: async ({ data }, context) => {
    const [id, number] = [String(data['incident']), Number(data['todo'])]
    const loaded = await context.load(id)
    const told = loaded === null ? null : wanted(loaded, number)
    const user = told?.owner.slack
    if (loaded === null || told === null || user === undefined) return
    const { incident } = loaded
    if (addMinutes(told.todo.addedAt, lateMinutes).toISOString() < (await context.now())) return
    const channel = incident.channel?.id ?? null
    await context.mayCall('conversations.members', channel ?? '')
    const there = channel === null ? false : await isThere(channel, user, context)
    if (there === true) return
    if (incident.private) {
      if (channel !== null && there === false) await tellAsker(channel, told.by, told.owner, told.todo, context)
      return
    }
    await context.mayCall('chat.postMessage', user)
    await context.chat.direct(user, todoForYou(incident, told.todo, told.by), `${id}/todo-told:${number}`)
  },
})
