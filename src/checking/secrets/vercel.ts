/** What a project of Vercel's gives its deployments. */
import type { CheckContext } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { createVercel, type VercelOptions } from '../vercel/api.ts'
import { askProject } from '../vercel/deployments.ts'
import { askSharedVariables, askVariables, type Variable } from '../vercel/environment.ts'
import { type Environment, formOf, type Form, type Held, type Holder, type Names } from './judge.ts'

const heldOf = ({ target, type, judged, updatedAt }: Variable<Form | null>, environment: Environment): Held => ({
  form: judged,
  since: updatedAt,
  also: target.filter((one) => one !== environment),
  readable: type === 'plain',
})

/** Asks. No value is asked to be decrypted: only those that Vercel shows to everybody are looked at. */
export const holdVercel = async (
  context: Pick<CheckContext, 'web' | 'secret' | 'signal'>,
  wanted: VercelOptions & { readonly target: Environment; readonly names: Names },
): Promise<readonly [Holder] | { readonly findings: readonly Finding[] }> => {
  const vercel = createVercel(context, wanted, { quiet: true })
  const { names, target: environment } = wanted
  const judge = (key: string, value: string): Form | null =>
    Object.hasOwn(names, key) ? formOf(value, names[key]!.prefix, environment) : null
  const own = await askVariables(vercel, judge)
  if ('findings' in own) return own
  const held = new Map<string, Held>()
  const take = (variables: readonly Variable<Form | null>[]) => {
    for (const variable of variables)
      // What only one branch is given, others have not.
      if (variable.branch === null && variable.target.includes(environment) && !held.has(variable.key))
        held.set(variable.key, heldOf(variable, environment))
  }
  take(own.value.list)
  const where = `Vercel’s ${environment}`
  let doubt: Finding | null = own.value.more ? { status: 'unknown', text: 'Vercel has more variables than were read.' } : null
  // A team may give variables to several projects at once.
  if (wanted.team !== undefined && Object.keys(names).some((name) => !held.has(name))) {
    const project = await askProject(vercel)
    const shared = 'findings' in project ? project : await askSharedVariables(vercel, project.value.id, judge)
    if ('findings' in shared) doubt ??= shared.findings[0] ?? null
    else take(shared.value)
  }
  return [{ where, held, dated: true, doubt }]
}
