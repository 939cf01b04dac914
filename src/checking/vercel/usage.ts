/** How much of Vercel a project used, by the only figures that its public API gives: those of the bill, a day after. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { found, hold, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import { amount } from '../measure.ts'
import type { Limit } from '../option.ts'
import type { Vercel } from './api.ts'

/** A line of the bill in FOCUS 1.3. */
const Charge = z.object({
  ServiceName: z.string(),
  ChargePeriodStart: z.string(),
  ConsumedQuantity: z.coerce.number().nullish(),
  ConsumedUnit: z.string().nullish(),
  Tags: z.object({ ProjectId: z.string().optional(), ProjectName: z.string().optional() }).nullish().catch(null),
})

type Day = Map<string, { quantity: number; unit: string }>

/** Services that functions are counted by. */
const ofFunctions = /function|invocation|active cpu|provisioned memory|edge middleware/i

/** Longest line of the bill. */
const longestLine = 100_000

const dayMs = 86_400_000

/** What the project used by day, days as Vercel cuts them. */
const read = (body: string, project: { readonly id: string; readonly name: string }): Map<string, Day> | null => {
  const days = new Map<string, Day>()
  let odd = 0
  let lines = 0
  for (const text of body.split('\n')) {
    if (text.trim() === '') continue
    lines += 1
    let data: unknown
    try {
      data = text.length > longestLine ? null : JSON.parse(text)
    } catch {
      data = null
    }
    const charge = Charge.safeParse(data).data
    const { ConsumedQuantity: quantity, Tags: tags } = charge ?? {}
    if (charge === undefined || Number.isNaN(Date.parse(charge.ChargePeriodStart))) {
      odd += 1
      continue
    }
    if (tags?.ProjectId !== project.id && tags?.ProjectName !== project.name) continue
    if (!ofFunctions.test(charge.ServiceName) || typeof quantity !== 'number' || !(quantity >= 0)) continue
    const day = days.get(charge.ChargePeriodStart) ?? new Map<string, { quantity: number; unit: string }>()
    const before = day.get(charge.ServiceName)?.quantity ?? 0
    day.set(charge.ServiceName, { quantity: before + quantity, unit: charge.ConsumedUnit ?? '' })
    days.set(charge.ChargePeriodStart, day)
  }
  return lines > 0 && odd === lines ? null : days
}

const only = 'Vercel’s public API tells it by day, from the bill; what runs now is in its dashboard, Observability.'

/** Asks and judges. `rise`: per cent above the average of the days before. */
export const askUsage = async (
  vercel: Vercel,
  project: { readonly id: string; readonly name: string },
  now: number,
  rise: Limit | undefined,
): Promise<CheckAnswer> => {
  if (vercel.options.team === undefined)
    return found({ status: 'unknown', text: `Invocations of functions can be asked of teams only: ${only}` })
  const query = { from: new Date(now - 9 * dayMs).toISOString(), to: new Date(now).toISOString() }
  const response = await vercel.open('/v1/billing/charges', query)
  if (response.status === 404) {
    await response.body?.cancel()
    return found({ status: 'unknown', text: `Vercel has no figures of the last days. ${only}` })
  }
  const why = await vercel.refusal(response)
  if (why !== null) return found(why)
  const days = read(await response.text(), project)
  if (days === null) return found({ status: 'unknown', text: 'Vercel’s bill is not as documented: no line of it could be read.' })
  const [last, ...earlier] = [...days].toSorted(([a], [b]) => b.localeCompare(a))
  if (last === undefined)
    return found({ status: 'unknown', text: `The bill of the last days has no functions of ${foreign(project.name)}. ${only}` })
  const [date, services] = last
  const parts = [...services].slice(0, 6).map(([name, { quantity, unit }]): CheckAnswer => {
    const before = earlier.flatMap(([, day]) => day.get(name)?.quantity ?? [])
    const mean = before.length === 0 ? null : before.reduce((sum, one) => sum + one, 0) / before.length
    const counted: CheckAnswer = hold(
      foreign(name.toLowerCase(), 40),
      quantity,
      /^(invocations|requests|count)?$/i.test(unit) ? '' : foreign(unit, 20),
      'most',
      undefined,
    )
    const compared = mean === null ? '' : `, ${amount(mean, '')} a day before`
    const change =
      mean === null || mean === 0
        ? together()
        : hold(`${foreign(name.toLowerCase(), 40)} rise`, ((quantity - mean) / mean) * 100, '%', 'most', rise)
    return together(counted, change, {
      findings: [
        { status: 'ok', text: `${foreign(name, 60)}: ${amount(quantity, foreign(unit, 20))} on ${date.slice(0, 10)}${compared}.` },
      ],
      measurements: [],
    })
  })
  return together(...parts, found({ status: 'ok', text: only }))
}
