/** The ways to tell people without the chat that are configured. */
import type { Alarm } from '../ports.ts'
import { emailAlarm } from './alarm-email.ts'
import { webhookAlarm } from './alarm-webhook.ts'

type Email = Parameters<typeof emailAlarm>[0]

/** None when both are null. */
export const openAlarms = (
  { webhook, email }: { webhook: Parameters<typeof webhookAlarm>[0] | null; email: Omit<Email, 'log'> | null },
  log: Email['log'],
): Alarm[] => [...(webhook === null ? [] : [webhookAlarm(webhook)]), ...(email === null ? [] : [emailAlarm({ ...email, log })])]
