/** Vercel's API, asked by GET for one project. */
import { z } from 'zod'
import type { CheckContext } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { below } from '../address.ts'
import { vendorRefusal } from '../fault.ts'
import { readJson, said } from '../json.ts'
import { othersFirst } from '../turn.ts'
import { apiUrl, SecretName } from '../option.ts'

/** Options of every question to Vercel. */
export const vercelOptions = {
  /** The name of an access token's setting. */
  secret: SecretName,
  apiUrl: apiUrl('https://api.vercel.com'),
  /** Its name or its id. */
  project: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, 'must be the name or the id of a project'),
  /** The team's id or slug; without one, the project is the token's owner's own. */
  team: z
    .string()
    .regex(/^[^\s/]{1,100}$/, 'must be the id or the slug of a team, as in the address of its page')
    .optional(),
}

export type VercelOptions = {
  readonly secret: string
  readonly apiUrl: string
  readonly project: string
  readonly team?: string | undefined
}

/** An answer in our shape, or why there is none. */
export type Got<Value> = { readonly value: Value } | { readonly findings: readonly Finding[] }

type Query = Readonly<Record<string, string>>

/** The parameter by which Vercel knows a team. */
export const teamOf = (team: string | undefined): Query =>
  team === undefined ? {} : team.startsWith('team_') ? { teamId: team } : { slug: team }

/** What a refusal is about: a token that is not known is 403, as one is that may not do this. */
export const refusalCode = (status: number, words: string): number =>
  status === 403 && /invalid ?token|not authorized/i.test(words) ? 401 : status

/** What to do about a refusal that Vercel has words of its own for. */
const refused = (status: number, secret: string, words: string, quiet: boolean): Finding =>
  vendorRefusal('Vercel', refusalCode(status, words), secret, quiet ? '' : words)

/** `quiet`: nothing of what an answer says is repeated, however wrong it is: it may hold secrets. */
export const createVercel = (
  context: Pick<CheckContext, 'web' | 'secret' | 'signal'>,
  wanted: VercelOptions,
  { quiet = false }: { readonly quiet?: boolean } = {},
) => {
  /** The answer to a GET; it throws FetchFault when there is none. */
  const open = (path: string, query: Query = {}, base = wanted.apiUrl, signal = context.signal): Promise<Response> => {
    const parameters = new URLSearchParams({ ...query, ...teamOf(wanted.team) }).toString()
    return context.web(below(base, parameters === '' ? path : `${path}?${parameters}`), {
      headers: { accept: 'application/json', authorization: `Bearer ${context.secret(wanted.secret)}`, 'user-agent': 'tocsin' },
      signal,
    })
  }

  /** Why there is no answer to read, or null. */
  const refusal = async (response: Response): Promise<Finding | null> =>
    response.ok ? null : refused(response.status, wanted.secret, said(await response.text()), quiet)

  const get = async <Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    query: Query = {},
    base = wanted.apiUrl,
  ): Promise<Got<z.infer<Schema>>> => {
    const response = await open(path, query, base)
    const why = await refusal(response)
    if (why !== null) return { findings: [why] }
    const { status } = response
    const body = await response.text()
    await othersFirst()
    const read = readJson('Vercel', { status, headers: {}, body, took: 0, urls: [] }, schema)
    if (!('findings' in read)) return { value: read.value }
    return quiet ? { findings: [{ status: 'unknown', text: `Vercel’s answer (${status}) is not as documented.` }] } : read
  }

  return { open, refusal, get, project: encodeURIComponent(wanted.project), options: wanted }
}

export type Vercel = ReturnType<typeof createVercel>
