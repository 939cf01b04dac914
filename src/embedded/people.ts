/** People of the workspace, acting: what they type and press reaches the bot as Slack sends it. */
import { randomBytes } from 'node:crypto'
import type { Delivered, Delivery } from './delivery.ts'
import { findElement, stateOf } from './elements.ts'
import { object, objects, parsed, string, isJson, type Json } from './json.ts'
import type { Memory } from './memory.ts'
import type { Received, ResponseUrl, ResponseUrls } from './responses.ts'
import type { Truth, TrueMessage } from './truth.ts'
import { escaped } from './typed.ts'
import type { CallSlack } from './upstream.ts'
import type { Person, Workspace } from './workspace.ts'

/** `id` is where to ask for what the bot says later. */
export type Acted = Delivered & { id: string; responses: Received[] }

type Setting = {
  workspace: Workspace
  call: CallSlack
  memory: Memory
  responses: ResponseUrls
  truth: Truth
  delivery: Delivery
}

export const createPeople = ({ workspace, call, memory, responses, truth, delivery }: Setting) => {
  const person = (ref: unknown): Person => {
    const name = string(ref).replace(/^@/, '')
    const found = workspace.people.find((each) => each.name === name || each.id === name)
    if (!found)
      throw new Error(`nobody is called ${name || '(nothing)'}: take one of ${workspace.people.map((each) => each.name).join(', ')}`)
    return found
  }

  const trigger = async (user: Person, stale: boolean, view?: string): Promise<string> => {
    if (stale) {
      const id = `0.0.${randomBytes(6).toString('hex')}`
      memory.keepExpired(id)
      return id
    }
    const answer = await call('views.generateTriggerId', workspace.bot.token, { user_id: user.id, ...(view ? { view_id: view } : {}) })
    const id = string(answer['trigger_id'])
    memory.keepTrigger(id, user.id)
    return id
  }

  const finished = async (entry: ResponseUrl, delivered: Delivered): Promise<Acted> => {
    if (delivered.status === 200 && delivered.body) {
      const json = parsed(delivered.body)
      await responses.acknowledged(entry, isJson(json) ? json : { text: delivered.body })
    }
    return { ...delivered, id: entry.id, responses: entry.received }
  }

  const who = (user: Person): Json => ({ id: user.id, username: user.name, name: user.name, team_id: workspace.team.id })
  const common = (user: Person): Json => ({
    token: workspace.verification,
    api_app_id: workspace.appId,
    team: { id: workspace.team.id, domain: workspace.team.domain },
    enterprise: null,
    is_enterprise_install: false,
    user: who(user),
  })

  /** Any event of the Events API. */
  const send = async (order: Json): Promise<Delivered & { event_id: string }> => {
    const id = string(order['event_id']) || `Ev${randomBytes(5).toString('hex').toUpperCase()}`
    const team = string(order['team_id']) || workspace.team.id
    const payload = {
      token: workspace.verification,
      team_id: team,
      api_app_id: workspace.appId,
      event: order['event'],
      type: 'event_callback',
      event_id: id,
      event_time: Math.floor(Date.now() / 1000),
      authorizations: [{ enterprise_id: null, team_id: team, user_id: workspace.bot.id, is_bot: true, is_enterprise_install: false }],
      is_ext_shared_channel: false,
    }
    return { ...(await delivery.event(payload, order['retry'] === undefined ? undefined : Number(order['retry']))), event_id: id }
  }

  const become = ({ as, ...flags }: Json): Person => {
    const user = person(as)
    user.flags = { ...user.flags, ...flags }
    return user
  }

  const messagesFor = async (channel: string, user: Person): Promise<TrueMessage[]> =>
    (await truth.messages(channel)).filter((message) => message.ephemeralTo === undefined || message.ephemeralTo === user.id).toReversed()

  const pressAtHome = async (user: Person, order: Json): Promise<Acted> => {
    const view = memory.views().findLast((each) => each.user === user.id && each.view['type'] === 'home')?.view ?? {}
    const pressed = findElement(view['blocks'], { action: string(order['action']), value: undefined })
    if (!pressed) throw new Error(`no button ${string(order['action'])} in the home of ${user.name}`)
    // No address for answers comes with it, so what is made here is known to nobody.
    const entry = responses.create(user.id, '')
    const payload = {
      type: 'block_actions',
      ...common(user),
      container: { type: 'view', view_id: view['id'] },
      trigger_id: await trigger(user, order['staleTrigger'] === true),
      view,
      actions: [{ ...pressed, action_ts: (Date.now() / 1000).toFixed(6) }],
    }
    return finished(entry, await delivery.interactive(payload))
  }

  return {
    person,
    /** Something of Slack's own surfaces that opens a trigger: a shortcut, a button of the app's home. */
    async interactive(user: Person, channel: string, payload: (entry: ResponseUrl) => Json, stale = false): Promise<Acted> {
      const entry = responses.create(user.id, channel)
      return finished(entry, await delivery.interactive({ ...common(user), trigger_id: await trigger(user, stale), ...payload(entry) }))
    },
    /** Types a slash command: `text` with or without the command itself in front. */
    async command(order: Json): Promise<Acted> {
      const user = person(order['as'])
      const channel = await truth.channel(string(order['in']) || 'general')
      const typed = string(order['text']).trim()
      const command = string(order['command']) || (/^\/\S+/.exec(typed)?.[0] ?? '')
      if (!command) throw new Error('a command starts with a slash, e.g. {"text": "/incident list"}')
      const entry = responses.create(user.id, channel.id)
      const words = typed.startsWith(command) ? typed.slice(command.length).trim() : typed
      const fields = {
        token: workspace.verification,
        team_id: workspace.team.id,
        team_domain: workspace.team.domain,
        channel_id: channel.id,
        channel_name: channel.isPrivate ? 'privategroup' : channel.name,
        user_id: user.id,
        user_name: user.name,
        command,
        text: order['raw'] === true ? words : escaped(words, workspace, words.includes('#') ? await truth.channels(false) : []),
        api_app_id: workspace.appId,
        is_enterprise_install: 'false',
        response_url: entry.url,
        trigger_id: await trigger(user, order['staleTrigger'] === true),
      }
      return finished(entry, await delivery.command(fields))
    },

    /** Presses the button (or chooses in the menu) with this action id or label: in the given or the newest message, or with
     *  `home: true` in the app's home. */
    async press(order: Json): Promise<Acted> {
      const user = person(order['as'])
      if (order['home'] === true) return pressAtHome(user, order)
      const channel = await truth.channel(string(order['in']) || 'general')
      const wanted = { action: string(order['action']), value: order['value'] === undefined ? undefined : string(order['value']) }
      const candidates = (await messagesFor(channel.id, user)).filter((each) => order['ts'] === undefined || each.ts === order['ts'])
      for (const message of candidates) {
        const pressed = findElement(message.blocks, wanted)
        if (!pressed) continue
        const ephemeral = message.ephemeralTo !== undefined
        const entry = responses.create(user.id, channel.id, { ts: message.ts, ephemeral })
        const payload = {
          type: 'block_actions',
          ...common(user),
          container: { type: 'message', message_ts: message.ts, channel_id: channel.id, is_ephemeral: ephemeral },
          trigger_id: await trigger(user, order['staleTrigger'] === true),
          channel: { id: channel.id, name: channel.isPrivate ? 'privategroup' : channel.name },
          ...(ephemeral ? {} : { message: message.raw }),
          state: { values: {} },
          response_url: entry.url,
          actions: [{ ...pressed, action_ts: (Date.now() / 1000).toFixed(6) }],
        }
        return finished(entry, await delivery.interactive(payload))
      }
      const buttons = candidates.flatMap((message) => findElement.all(message.blocks))
      throw new Error(`no button ${wanted.action} in #${channel.name}; there are: ${[...new Set(buttons)].join(', ') || 'none'}`)
    },

    /** Chooses in a field of the form that this person has open, with what else is filled in: the bot may make the form anew. */
    async choose(order: Json): Promise<Delivered & { view: string }> {
      const user = person(order['as'])
      const opened = memory.views().findLast((each) => each.user === user.id && each.open && each.view['type'] === 'modal')
      if (!opened) throw new Error(`${user.name} has no form open`)
      const field = string(order['field'])
      const known = new Map(workspace.people.map((each) => [each.name, each.id]))
      const values = stateOf(objects(opened.view['blocks']), { ...object(order['values']), [field]: order['value'] }, known)
      const [action, state] = Object.entries(object(values[field]))[0] ?? ['', {}]
      const delivered = await delivery.interactive({
        type: 'block_actions',
        ...common(user),
        container: { type: 'view', view_id: opened.id },
        trigger_id: await trigger(user, false, opened.id),
        view: { ...opened.view, state: { values } },
        actions: [{ ...object(state), block_id: field, action_id: action, action_ts: (Date.now() / 1000).toFixed(6) }],
      })
      return { ...delivered, view: opened.id }
    },

    /** Sends the form that this person has open. */
    async submit(order: Json): Promise<Delivered & { view: string; closed: boolean }> {
      const user = person(order['as'])
      const mine = memory.views().filter((each) => each.user === user.id && each.open && each.view['type'] === 'modal')
      const opened =
        order['view'] === undefined ? mine.at(-1) : mine.find((each) => [each.id, each.view['callback_id']].includes(order['view']))
      if (!opened) throw new Error(`${user.name} has no form open`)
      const people = new Map(workspace.people.map((each) => [each.name, each.id]))
      const values = stateOf(objects(opened.view['blocks']), object(order['values']), people)
      const delivered = await delivery.interactive({
        type: 'view_submission',
        ...common(user),
        trigger_id: await trigger(user, false, opened.id),
        view: { ...opened.view, state: { values } },
        response_urls: [],
      })
      const answer = object(parsed(delivered.body))
      const action = string(answer['response_action'])
      const closed = delivered.status === 200 && (action === '' || action === 'clear')
      if (closed) memory.closeView(opened.id)
      if (action === 'update') memory.keepView(opened.id, user.id, { ...opened.view, ...object(answer['view']) })
      return { ...delivered, view: opened.id, closed }
    },

    /** Joins a channel, as by its own button; who is not let into a private one is invited by the bot. */
    async join(order: Json): Promise<Delivered & { event_id: string }> {
      const user = person(order['as'])
      const channel = await truth.channel(string(order['in']) || 'general')
      const joined = channel.isPrivate
        ? await call('conversations.invite', workspace.bot.token, { channel: channel.id, users: user.id })
        : await call('conversations.join', user.token, { channel: channel.id })
      if (!joined['ok']) throw new Error(`${user.name} cannot join #${channel.name}: ${string(joined['error'])}`)
      const event = { type: 'member_joined_channel', user: user.id, channel: channel.id, channel_type: channel.isPrivate ? 'G' : 'C' }
      return send({ ...order, event: { ...event, team: workspace.team.id, event_ts: (Date.now() / 1000).toFixed(6) } })
    },

    /** Makes somebody a guest, a bot, a stranger, or deactivates them (`{"as": "bob", "deleted": true}`); the bot is not told. */
    become,

    /** The same, and the bot is told. */
    async change(order: Json): Promise<Delivered & { event_id: string }> {
      const user = become(order)
      const told = await call('users.info', workspace.admin.token, { user: user.id })
      const changed = { ...object(told['user']), ...user.flags }
      return send({ event: { type: 'user_change', user: changed, event_ts: (Date.now() / 1000).toFixed(6) } })
    },

    event: send,
  }
}

export type People = ReturnType<typeof createPeople>
