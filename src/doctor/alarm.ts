/** The ways to tell people while Slack cannot be used: whether they would work. Nobody is told anything. */
import type { Alarm } from '../ports.ts'
import { faulty, type Finding, ok } from './finding.ts'

const settingsOf: Readonly<Record<string, string>> = {
  webhook: 'Check ALARM_WEBHOOK_URL and ALARM_WEBHOOK_SECRET.',
  'e-mail': 'Check SMTP_URL: host, port, user and password.',
}

export const examineAlarms = async (alarms: readonly Alarm[]): Promise<Finding[]> =>
  Promise.all(
    alarms.map(async ({ name, probe }) => {
      const fault = await probe()
      if (fault === null) return ok('alarm', `by ${name}`)
      const todo = settingsOf[name] ?? 'Check its settings.'
      return { ...faulty('alarm', fault, todo), what: `by ${name} does not work: ${fault.message}`, todo }
    }),
  )
