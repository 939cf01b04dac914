/** A message that comes late says so, and when what it tells of happened. */
import { addSeconds } from 'date-fns/addSeconds'
import type { JobContext } from '../define.ts'
import type { Item } from '../incident/conversation.ts'
import type { Message } from '../incident/message.ts'
import type { Instant } from '../incident/policy.ts'

/** A message whose event is older than this says that it is late. */
export const lateSeconds = 120

/** Who wrote while it was known that nothing gets through is late by then: a job that is on time takes no longer than this. */
const lateInOutageSeconds = 10

type MessageItem = Item & { readonly step: 'message' }

const isLate = async ({ at, calm }: MessageItem, now: Instant, { wasAway }: Pick<JobContext, 'wasAway'>): Promise<boolean> => {
  const older = (seconds: number) => addSeconds(at, seconds).toISOString() <= now
  return !calm && (older(lateSeconds) || (older(lateInOutageSeconds) && (await wasAway(at))))
}

/** The message as it is posted at `now`; the header tells of no one moment. */
export const lateOrNot = async (item: MessageItem, now: Instant, zone: string, context: Pick<JobContext, 'wasAway'>): Promise<Message> =>
  (await isLate(item, now, context))
    ? {
        ...item.message,
        parts: [...item.message.parts, { kind: 'context', spans: ['🕓 Late: this happened ', { time: item.at, zone }] }],
      }
    : item.message
