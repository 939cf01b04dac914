/** Variables of a project's deployments: their names, and what is known about them. Values are judged where they are read, and go no
 *  further. */
import { z } from 'zod'
import type { Change } from '../../incident/check.ts'
import { foreign } from '../foreign.ts'
import { atMost } from '../json.ts'
import type { Got, Vercel } from './api.ts'

const Millis = z.number().min(0).max(8.64e15).nullish().catch(null)
const Targets = z
  .union([z.array(z.string()), z.string().transform((one) => [one])])
  .nullish()
  .transform((targets) => targets ?? [])

const Raw = z.object({
  id: z.string().optional(),
  key: z.string(),
  type: z.string(),
  target: Targets,
  gitBranch: z.string().nullish(),
  createdAt: Millis,
  updatedAt: Millis,
  // Not there for what is sensitive.
  value: z.unknown().optional(),
})

export type Variable<Judged> = {
  readonly id: string
  readonly key: string
  readonly type: string
  readonly target: readonly string[]
  /** Only deployments of this branch have it. */
  readonly branch: string | null
  readonly createdAt: number | null
  readonly updatedAt: number | null
  /** What was made of its value; null where the value cannot be read. */
  readonly judged: Judged | null
}

const readVariable = <Judged>(raw: z.infer<typeof Raw>, judge: (key: string, value: string) => Judged): Variable<Judged> => ({
  id: raw.id ?? `${raw.key} ${raw.target.join()}`,
  key: raw.key,
  type: raw.type,
  target: raw.target,
  branch: raw.gitBranch ?? null,
  createdAt: raw.createdAt ?? null,
  updatedAt: raw.updatedAt ?? raw.createdAt ?? null,
  // What stands in the answer for the other types is encrypted, or empty.
  judged: raw.type === 'plain' && typeof raw.value === 'string' ? judge(raw.key, raw.value) : null,
})

/** More than any project has. */
const mostListed = 1000

const Own = z.union([
  z.object({ envs: atMost(Raw, mostListed), pagination: z.object({ next: z.number().nullish() }).nullish() }),
  atMost(Raw, mostListed).transform((envs) => ({ envs, pagination: null })),
])
const Shared = z.object({ data: atMost(Raw, mostListed) })

/** Pages of variables that are read at most. */
const mostPages = 10

/** The project's own variables. `judge` sees a value that can be read; nothing else does. */
export const askVariables = async <Judged>(
  vercel: Vercel,
  judge: (key: string, value: string) => Judged,
): Promise<Got<{ readonly list: readonly Variable<Judged>[]; readonly more: boolean }>> => {
  const found = new Map<string, Variable<Judged>>()
  let query: Record<string, string> = {}
  for (let page = 1; ; page += 1) {
    const asked = await vercel.get(`/v10/projects/${vercel.project}/env`, Own, query)
    if ('findings' in asked) return asked
    const { envs, pagination } = asked.value
    const known = found.size
    for (const raw of envs) {
      const variable = readVariable(raw, judge)
      found.set(variable.id, variable)
    }
    const next = pagination?.next
    if (typeof next !== 'number') return { value: { list: [...found.values()], more: false } }
    if (page === mostPages || found.size === known) return { value: { list: [...found.values()], more: true } }
    query = { until: String(next) }
  }
}

/** Variables of the team that the project is given, too. */
export const askSharedVariables = async <Judged>(
  vercel: Vercel,
  projectId: string,
  judge: (key: string, value: string) => Judged,
): Promise<Got<readonly Variable<Judged>[]>> => {
  const asked = await vercel.get('/v1/env', Shared, { projectId })
  return 'findings' in asked ? asked : { value: asked.value.data.map((raw) => readVariable(raw, judge)) }
}

/** A variable as something that was changed: that it was, never to what. */
export const settingChange = ({ key, createdAt, updatedAt, branch }: Variable<null>): Change[] =>
  updatedAt === null
    ? []
    : [
        {
          at: new Date(updatedAt).toISOString(),
          kind: 'setting',
          title: `Variable ${foreign(key, 80)} ${createdAt !== null && Math.abs(updatedAt - createdAt) < 1000 ? 'added' : 'changed'}${branch === null ? '' : ` for ${foreign(branch, 60)}`}`,
          by: null,
          url: null,
        },
      ]
