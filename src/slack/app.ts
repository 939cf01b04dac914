/** Bolt: commands, buttons, forms and events, whichever way they come. Every command is answered within Slack's three seconds; what
 *  takes longer says so, and answers later through `response_url`. */
import { randomUUID } from 'node:crypto'
import { App, type Context, type Receiver, type ViewOutput } from '@slack/bolt'
import type { View } from '@slack/types'
import type { Answer, Log } from '../define.ts'
import type { Actor } from '../incident/events.ts'
import type { Message, Part, Span } from '../incident/message.ts'
import { type Refusal, refusalParts, refuse, sentence } from '../incident/refusals.ts'
import { admit, type AdmitOptions, memberIn } from './admit.ts'
import { actionOf } from './blocks.ts'
import { type ChannelEvents, listenToChannels } from './channels.ts'
import { type Conversation, listenToConversation } from './conversation-events.ts'
import type { Dispatch, FormPlace, Told } from './dispatch.ts'
import { follow } from './follow.ts'
import { valuesOf, viewOf } from './forms.ts'
import { late, within } from './in-time.ts'
import { listenForPeople, type PeopleEvents } from './people-events.ts'
import { createRead } from './read.ts'
import { listenToWaysIn, type WaysIn } from './ways-in.ts'

/** Slack gives up after 3 s; the answer also has to travel. */
const patienceMs = 2200

export type SlackOptions = PeopleEvents & {
  readonly receiver: Receiver
  readonly dispatch: Dispatch
  readonly botToken: string
  readonly apiUrl: string | undefined
  /** Null until Slack has answered for the first time. */
  readonly identity: () => { readonly teamId: string; readonly botUserId: string; readonly botId: string } | null
  readonly render: (message: Message) => { text: string; blocks: readonly object[] }
  readonly openForm: (trigger: string, view: View) => Promise<void>
  readonly updateForm: (viewId: string, hash: string, view: View) => Promise<void>
  readonly tell: (channel: string, user: string, message: Message) => Promise<void>
  /** A message to one person, where there is no channel to tell them in. */
  readonly direct: (user: string, message: Message) => Promise<void>
  /** Who a Slack user is to the bot. */
  readonly person: (user: string, name: string) => Actor
  /** Who a user is, within a moment; never throws. */
  readonly glance: AdmitOptions['glance']
  readonly channelChanged: ChannelEvents['changed']
  readonly conversation: Conversation
  readonly waysIn: WaysIn
  /** Whether an error means that the database does not answer. */
  readonly databaseIsAway: (error: unknown) => boolean
  /** Told how many seconds a command waited for its first answer. */
  readonly answered: (command: string, seconds: number) => void
  readonly log: Log
}

const stillWorking: Answer = {
  parts: [
    {
      kind: 'text',
      spans: [
        'Still working on it. The answer follows here; if it does not, look at ',
        { code: '/incident status' },
        ' before you try again.',
      ],
    },
  ],
}

/** Whether a refusal is about what was filled in here. */
const about = ({ params }: Refusal, value: string): boolean =>
  value !== '' && 'word' in params && (params.word === value || params.word.endsWith(` ${value}`))

const wordsOf = (span: Span): string => {
  if (typeof span === 'string') return span
  if ('bold' in span) return span.bold
  if ('code' in span) return span.code
  return 'text' in span ? span.text : ''
}

/** An answer as a message; its first words are what a notification shows. */
const message = (parts: readonly Part[]): Message => {
  const first = parts.find((part) => part.kind === 'text')
  return { key: 'answer', summary: first === undefined ? 'Answer' : first.spans.map(wordsOf).join(''), parts }
}

/** Makes the app behind `receiver`, which is started by who made it. */
export const startSlack = (options: SlackOptions): App => {
  const { dispatch, log, identity } = options
  const app = new App({
    receiver: options.receiver,
    authorize: () => Promise.resolve({ botToken: options.botToken, ...identity() }),
    ...(options.apiUrl === undefined
      ? {}
      : { clientOptions: { slackApiUrl: options.apiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, timeout: 10_000 } }),
  })

  /** Never throws: a bug or a database that is away becomes what the person is told. */
  const safely = async (work: () => Promise<Told>): Promise<Told> => {
    try {
      return await work()
    } catch (error) {
      const ref = randomUUID().slice(0, 8)
      const away = options.databaseIsAway(error)
      log.error({ err: error, ref }, away ? 'the database is away' : 'a command failed')
      return { answer: { parts: refusalParts(away ? refuse('no_database', {}) : refuse('failed', { ref })) } }
    }
  }

  /** Shows a form, or says what to type instead when Slack no longer takes it (a trigger lives 3 s). */
  const show = async (told: Extract<Told, { form: unknown }>, trigger: string): Promise<Answer | null> => {
    try {
      await options.openForm(trigger, viewOf(told.form, told.place))
      return null
    } catch (error) {
      log.warn({ err: error }, 'a form could not be shown')
      return {
        parts: [
          { kind: 'text', spans: ['Slack did not show the form. What to type instead: ', { code: `/incident help ${told.form.submit}` }] },
        ],
      }
    }
  }

  const body = (answer: Answer) => {
    const { text, blocks } = options.render(message(answer.parts))
    return { response_type: 'ephemeral' as const, text, blocks: [...blocks] as never[] }
  }
  /** The form's own window with the answer in it: for who cannot be told in the channel. */
  const answerView = (answer: Answer) => ({
    response_action: 'update' as const,
    view: {
      type: 'modal' as const,
      title: { type: 'plain_text' as const, text: 'Tocsin' },
      close: { type: 'plain_text' as const, text: 'Close' },
      blocks: [...options.render(message(answer.parts)).blocks] as never[],
    },
  })

  app.use(admit({ identity, glance: options.glance, log }, { body, view: answerView }))

  /** Who did it, by the name that Slack gives them. */
  const author = (context: Context, user: string, name: string | undefined): Actor =>
    options.person(user, memberIn(context)?.name ?? name ?? 'somebody')

  const read = createRead({ glance: options.glance, ...options.waysIn, log })

  /** Whether Slack heard it: not over a socket that was closed meanwhile. */
  const heard = async (acknowledged: Promise<void>): Promise<boolean> => {
    try {
      await acknowledged
      return true
    } catch (error) {
      log.warn({ err: error }, 'an acknowledgement did not reach Slack')
      return false
    }
  }

  for (const name of ['incident', 'diag'] as const) {
    app.command(`/${name}`, async ({ command, ack, respond, context }) => {
      const source = { by: author(context, command.user_id, command.user_name), channel: command.channel_id, canShowForm: true }
      const answered = safely(async () => {
        const { words, mentioned } = await read(command.text ?? '')
        return dispatch.type(name, words, { ...source, mentioned })
      }).then(async (told) => ('form' in told ? show(told, command.trigger_id) : told.answer))
      const started = performance.now()
      const first = await within(answered, patienceMs)
      options.answered(name, (performance.now() - started) / 1000)
      if (first !== late) {
        if (!(await heard(first === null ? ack() : ack(body(first)))) && first !== null) await respond(body(first))
        follow(first, respond, body, log)
        return undefined
      }
      await heard(ack(body(stillWorking)))
      void answered
        .then(async (answer): Promise<void> => {
          if (answer !== null) await respond(body(answer))
          return follow(answer, respond, body, log)
        })
        .catch((error: unknown) => log.warn({ err: error }, 'a late answer did not arrive'))
      return undefined
    })
  }

  /** Makes a form anew where its verb can. What fails here costs nobody what they typed: the form stays as it is. */
  const refill = async (view: ViewOutput, by: Actor): Promise<void> => {
    try {
      const place = JSON.parse(view.private_metadata) as { channel: string; incident: string | null }
      const form = await dispatch.refill(view.callback_id.slice('form:'.length), valuesOf(view.state.values), place, by)
      if (form !== null) await options.updateForm(view.id, view.hash, viewOf(form, place))
    } catch (error) {
      log.warn({ err: error }, 'a form could not be made anew')
    }
  }

  app.action(/.*/, async ({ ack, action, body: payload, respond, context }) => {
    if (payload.type !== 'block_actions') return ack()
    const view = payload.view
    if (view?.callback_id.startsWith('form:') === true) {
      await ack()
      return refill(view, author(context, payload.user.id, payload.user.name))
    }
    if (action.type !== 'button' || !('action_id' in action)) return ack()
    const source = {
      by: author(context, payload.user.id, payload.user.name),
      channel: payload.channel?.id ?? '',
      canShowForm: true,
    }
    const answered = safely(() => dispatch.press(actionOf(action.action_id), action.value ?? '', source)).then(async (told) =>
      'form' in told ? show(told, payload.trigger_id) : told.answer,
    )
    // What was pressed is recorded before Slack hears that it was taken: a bot that dies in between leaves a warning at the button.
    const started = performance.now()
    await within(answered, patienceMs)
    options.answered('button', (performance.now() - started) / 1000)
    await heard(ack())
    void answered
      .then(async (answer): Promise<unknown> => {
        if (answer === null) return undefined
        // The app's home has no address to answer to.
        if (payload.response_url === undefined) return options.direct(payload.user.id, message(answer.parts))
        return respond({ ...body(answer), replace_original: false })
      })
      .catch((error: unknown) => log.warn({ err: error }, 'an answer to a button did not arrive'))
    return undefined
  })

  /** Whether the person was told in the channel: not where the bot is no member, and not while Slack takes nothing. */
  const toldThere = async (place: { channel: string }, user: string, answer: Answer): Promise<boolean> => {
    try {
      await options.tell(place.channel, user, message(answer.parts))
      return true
    } catch (error) {
      log.info({ error: String(error), channel: place.channel }, 'an answer to a form could not be shown in the channel')
      return false
    }
  }

  app.view(/^form:/, async ({ ack, view, body: payload, context }) => {
    const values = valuesOf(view.state.values)
    const place = JSON.parse(view.private_metadata) as FormPlace
    const by = author(context, payload.user.id, payload.user.name)
    const submit = async (): Promise<{ answer: Answer } | { refused: Refusal }> => {
      try {
        return await dispatch.submit(view.callback_id.slice('form:'.length), values, place, by)
      } catch (error) {
        const ref = randomUUID().slice(0, 8)
        log.error({ err: error, ref }, 'a form failed')
        return { refused: options.databaseIsAway(error) ? refuse('no_database', {}) : refuse('failed', { ref }) }
      }
    }
    const started = performance.now()
    const submitted = submit()
    const first = await within(submitted, patienceMs)
    options.answered('form', (performance.now() - started) / 1000)
    if (first === late) {
      await ack(answerView(stillWorking))
      // Not waited for: over HTTP, Slack hears what was acknowledged when this function ends.
      void submitted
        .then(async (outcome): Promise<unknown> => {
          const answer = 'refused' in outcome ? { parts: refusalParts(outcome.refused) } : outcome.answer
          return (await toldThere(place, payload.user.id, answer)) || options.direct(payload.user.id, message(answer.parts))
        })
        .catch((error: unknown) => log.warn({ err: error }, 'an answer to a form did not arrive'))
      return undefined
    }
    // A refusal keeps the form open, with everything that was typed.
    const field =
      Object.keys(values).find((key) => 'refused' in first && about(first.refused, values[key] ?? '')) ?? Object.keys(values)[0] ?? 'text'
    if ('refused' in first) return ack({ response_action: 'errors', errors: { [field]: sentence(first.refused).replaceAll('`', '') } })
    const told = await within(toldThere(place, payload.user.id, first.answer), patienceMs - (performance.now() - started))
    return told === true ? ack() : ack(answerView(first.answer))
  })

  listenToChannels(app, { botUser: () => identity()?.botUserId, changed: options.channelChanged })
  listenForPeople(app, options)

  listenToWaysIn(app, {
    ...options,
    ...options.waysIn,
    safely,
    read,
    show,
    message,
    body,
    inTime: async (work, ms = patienceMs) => {
      const first = await within(work, ms)
      return first === late ? null : first
    },
  })
  listenToConversation(app, { ...options.conversation, identity, person: options.person })

  app.error((fault) => {
    log.error({ err: fault }, 'Bolt could not handle a request')
    // Thrown on, so that Slack is not told that an event was taken which was not recorded.
    return Promise.reject(fault)
  })
  return app
}
