/** How a Supabase project and its services are, by the Management API. Pure. */
import { z } from 'zod'
import type { Finding } from '../../incident/check.ts'
import { foreign } from '../foreign.ts'

/** GET /v1/projects/{ref}. */
export const Project = z.object({ status: z.string(), created_at: z.string(), name: z.string().optional() })

/** GET /v1/projects/{ref}/health. */
export const Health = z.array(z.object({ name: z.string(), status: z.string(), error: z.string().nullish() }))

const moving = ['COMING_UP', 'RESTORING', 'UPGRADING', 'RESTARTING', 'RESIZING', 'GOING_DOWN', 'PAUSING']

/** Judges what a project and its services say of themselves. */
export const judgeHealth = (project: string, services: z.infer<typeof Health>, wanted: readonly string[]): Finding[] => {
  const findings: Finding[] = []
  const state = foreign(project.toLowerCase().replaceAll('_', ' '), 40)
  if (project === 'INACTIVE') findings.push({ status: 'fail', text: 'The project is paused: restore it in the dashboard.' })
  else if (moving.includes(project)) findings.push({ status: 'warn', text: `The project is ${state}: wait, and ask again.` })
  else if (project === 'UNKNOWN') findings.push({ status: 'unknown', text: 'Supabase does not know how the project is.' })
  else if (project !== 'ACTIVE_HEALTHY') findings.push({ status: 'fail', text: `The project is “${state}”: look at it in the dashboard.` })
  for (const name of wanted) {
    // Of several by one name the one that is ill.
    const mine = services.filter((one) => one.name === name)
    const service = mine.find(({ status }) => status !== 'ACTIVE_HEALTHY') ?? mine[0]
    const why = service?.error === undefined || service.error === null ? '' : `: ${foreign(service.error, 120)}`
    if (service === undefined) findings.push({ status: 'unknown', text: `Supabase says nothing of ${name}.` })
    else if (service.status === 'COMING_UP') findings.push({ status: 'warn', text: `${name} is coming up${why}.` })
    else if (service.status !== 'ACTIVE_HEALTHY') findings.push({ status: 'fail', text: `${name} is unhealthy${why}.` })
  }
  return findings.length > 0 ? findings : [{ status: 'ok', text: `The project is healthy: ${wanted.join(', ')}.` }]
}
