/** Migrations of a product's database (A12): on staging first, each in one transaction with its record, and the last one back. */
import { z } from 'zod'
import { appliedIn, migrate } from '../acting/migrations/history.ts'
import { Impossible } from '../acting/migrations/impossible.ts'
import { judge } from '../acting/migrations/kinds.ts'
import { type Migration, migrationsOf, Source, sourceOf, textOf } from '../acting/migrations/source.ts'
import { refusedBy } from '../acting/postgres/fault.ts'
import { parse, type Statement } from '../acting/postgres/parse.ts'
import { count, listed, tally } from '../checking/answer.ts'
import { place } from '../checking/postgres/session.ts'
import { type ActContext, defineAction, type LookContext } from '../define/action.ts'
import type { Ran, Verification } from '../incident/acting/action.ts'

const Place = z.strictObject(place)

const Options = z.strictObject({
  /** Where the migrations are written. What takes one back stands beside it as `….down.sql`, or in the folder `down`. */
  source: Source,
  staging: Place,
  production: Place,
  /** What may be done although it is destructive, or not known to be harmless, in the words of the refusal: `drop policy`, `do block`. */
  allow: z.array(z.string().min(1).max(60)).max(30).default([]),
  /** Migrations at a time, at most. */
  most: z.int().min(1).max(50).default(10),
})
type Options = z.infer<typeof Options>

const Input = z.strictObject({
  environment: z.enum(['staging', 'production']).describe('Where'),
  down: z.enum(['no', 'yes']).default('no').describe('Take the last one back'),
})

type Planned = { readonly version: string; readonly name: string; readonly file: string; readonly sha256: string }
type Plan = { readonly environment: 'staging' | 'production'; readonly down: boolean; readonly files: readonly Planned[] }

const titleOf = ({ version, name }: Pick<Migration, 'version' | 'name'>): string => `${version}_${name}`

const statementsOf = (file: string, text: string): readonly Statement[] => {
  const statements = parse(text)
  if ('wrong' in statements) throw new Impossible(`${file} is not SQL that PostgreSQL reads: ${statements.wrong}`)
  if (statements.length === 0) throw new Impossible(`${file} has no statement.`)
  return statements
}

/** A file, read and judged. `allow`: null where taking back is what it is for. */
const readFile = async (options: Options, migration: Migration, file: string, allow: readonly string[] | null, context: LookContext) => {
  const { text, sha256 } = await textOf(options.source, file, context)
  const judged = judge(statementsOf(file, text))
  const outside = judged.filter(({ how }) => how === 'outside').map(({ label }) => label)
  if (outside.length > 0)
    throw new Impossible(`${file} cannot run in one transaction, all or nothing: ${listed([...new Set(outside)])}. Run it by hand.`)
  const refused = judged.filter(({ how, label }) => how !== 'harmless' && allow?.includes(label) === false)
  if (refused.length > 0) {
    const labels = listed([
      ...new Set(refused.map(({ how, label }) => (how === 'destructive' ? `${label} (destructive)` : `${label} (not known)`))),
    ])
    throw new Impossible(
      `${file} does what service.yml does not allow: ${labels}. Expand first and contract later, or allow it there by these words.`,
    )
  }
  const { version, name } = migration
  const dangerous = [...new Set(judged.flatMap(({ how, label }) => (how === 'harmless' ? [] : [label])))]
  return {
    planned: { version, name, file, sha256 },
    told: tally(
      judged.map(({ label }) => label),
      8,
    ),
    dangerous,
  }
}

const previewUp = async (options: Options, environment: 'staging' | 'production', context: LookContext) => {
  const all = await migrationsOf(options.source, context)
  const applied = await appliedIn(options[environment], context, true)
  const known = new Set(all.map(({ version }) => version))
  const foreign = applied.filter((version) => !known.has(version))
  if (foreign.length > 0)
    throw new Impossible(
      `${environment} has migrations that are not written in the source: ${listed(foreign)}. Look where they came from first.`,
    )
  const pending = all.filter(({ version }) => !applied.includes(version))
  const last = applied.at(-1) ?? ''
  if (pending.length === 0)
    throw new Impossible(`There is nothing to do: ${environment} has all ${count(all.length, 'migration')}, the last one ${last}.`)
  const early = pending.filter(({ version }) => version < last)
  if (early.length > 0)
    throw new Impossible(
      `${listed(early.map(titleOf))} would come before ${last}, which ${environment} has already: give it a later version.`,
    )
  if (pending.length > options.most)
    throw new Impossible(
      `${count(pending.length, 'migration')} are pending, more than the ${options.most} that service.yml allows at a time.`,
    )
  if (environment === 'production') {
    const tried = new Set(await appliedIn(options.staging, context, false))
    const untried = pending.filter(({ version }) => !tried.has(version))
    if (untried.length > 0)
      throw new Impossible(`Staging first: ${listed(untried.map(titleOf))} ${untried.length === 1 ? 'was' : 'were'} not applied there yet.`)
  }
  const files = []
  for (const migration of pending) files.push(await readFile(options, migration, migration.file, options.allow, context))
  const dangerous = [...new Set(files.flatMap((file) => file.dangerous))]
  const withoutDown = pending.filter(({ down }) => down === null)
  return {
    summary: `Applies ${count(pending.length, 'migration')} to ${environment}: ${listed(pending.map(titleOf), 3)}.`,
    calls: files.map(({ planned: { file, sha256 } }) => `begin; ${file} (sha256 ${sha256.slice(0, 12)}…), its record; commit`),
    effects: files.map(({ planned, told }) => `${titleOf(planned)}: ${told}`),
    reversible: withoutDown.length === 0 ? 'by the down.sql of each, with down=yes, the last one first' : null,
    warnings: [
      ...(dangerous.length > 0 ? [`Allowed by service.yml, and not harmless: ${listed(dangerous)}.`] : []),
      ...(withoutDown.length > 0 && withoutDown.length < pending.length
        ? [`Without a down.sql: ${listed(withoutDown.map(titleOf))}.`]
        : []),
    ],
    plan: { environment, down: false, files: files.map(({ planned }) => planned) },
    state: { last, applied: applied.length },
  }
}

const previewDown = async (options: Options, environment: 'staging' | 'production', context: LookContext) => {
  const all = await migrationsOf(options.source, context)
  const applied = await appliedIn(options[environment], context, true)
  const last = applied.at(-1)
  if (last === undefined) throw new Impossible(`${environment} has no migration that could be taken back.`)
  const migration = all.find(({ version }) => version === last)
  if (migration === undefined) throw new Impossible(`The last migration of ${environment}, ${last}, is not written in the source.`)
  if (migration.down === null)
    throw new Impossible(`${titleOf(migration)} has no down.sql: write one, or take it back with another migration.`)
  const { planned, told } = await readFile(options, migration, migration.down, null, context)
  const onStaging = environment === 'production' && (await appliedIn(options.staging, context, false)).includes(last)
  return {
    summary: `Takes the last migration of ${environment} back: ${titleOf(migration)}.`,
    calls: [`begin; ${planned.file} (sha256 ${planned.sha256.slice(0, 12)}…), its record removed; commit`],
    effects: [`${planned.file}: ${told}`],
    reversible: 'by applying it again; data that it drops is lost',
    warnings: onStaging ? ['It was not taken back on staging: nobody has seen there what that does.'] : [],
    plan: { environment, down: true, files: [planned] },
    state: { last, applied: applied.length },
  }
}

const textDone = ({ environment, down, files }: Plan): string =>
  down
    ? `Took ${listed(files.map(titleOf))} back on ${environment}.`
    : `Applied ${count(files.length, 'migration')} to ${environment}: ${listed(files.map(titleOf), 10)}.`

/** Those of the plan that are as they should be, by the database's own history. */
const settledOf = async (options: Options, { environment, down, files }: Plan, context: LookContext): Promise<readonly Planned[]> => {
  const applied = new Set(await appliedIn(options[environment], context, false))
  return files.filter(({ version }) => applied.has(version) !== down)
}

/** How often it is gone on with after it broke off. */
const mostTries = 5
const triesOf = ({ memo }: ActContext): number => z.object({ tries: z.int() }).safeParse(memo).data?.tries ?? 0

const runPlan = async (options: Options, plan: Plan, context: ActContext): Promise<Ran> => {
  const at = options[plan.environment]
  const tries = triesOf(context)
  await context.remember({ tries: tries + 1 })
  const made: string[] = []
  const before = (): string =>
    made.length === 0 ? 'Nothing was changed.' : `It was rolled back; what came before stays applied: ${listed(made)}.`
  let settled: readonly Planned[]
  try {
    settled = await settledOf(options, plan, context)
  } catch (error) {
    const why = error instanceof Impossible ? error.message : refusedBy(error, at.secret)
    if (why === null) throw error
    return tries === 0
      ? { outcome: 'failed', text: `${why} Nothing was changed.` }
      : { outcome: 'unclear', text: `It had broken off, and nobody can tell how far it was: ${why}` }
  }
  for (const file of plan.files) {
    // An earlier try was that far.
    if (settled.includes(file)) {
      made.push(titleOf(file))
      continue
    }
    let statement = 0
    try {
      const { text, sha256 } = await textOf(options.source, file.file, context)
      if (sha256 !== file.sha256)
        return { outcome: 'failed', text: `${file.file} is no longer what was approved: ask for it again. ${before()}` }
      context.progress(`${titleOf(file)}, ${made.length + 1} of ${plan.files.length}`)
      const statements = statementsOf(file.file, text)
      await migrate(at, context, { ...file, down: plan.down, statements }, (next) => {
        statement = next
      })
      made.push(titleOf(file))
    } catch (error) {
      if (error instanceof Impossible) return { outcome: 'failed', text: `${error.message} ${before()}` }
      const why = refusedBy(error, at.secret)
      if (why === null) throw error
      return { outcome: 'failed', text: `${file.file}${statement === 0 ? '' : `, statement ${statement}`}: ${why} ${before()}` }
    }
  }
  return { outcome: 'done', text: textDone(plan) }
}

const writtenFor = (options: Options, environment: 'staging' | 'production'): Options => ({
  ...options,
  source: sourceOf(options.source, environment),
})

/** Applies migrations, or takes the last one back. */
export default defineAction({
  summary: 'Migrations of the database: on staging first, then in production; or the last one back',
  options: Options,
  input: Input,
  risk: (_, { environment }) => (environment === 'production' ? 'high' : 'low'),
  target: ({ production: { host } }) => `postgres:${host}`,
  hosts: ({ source, staging, production }) => [
    `${staging.host}:${staging.port}`,
    `${production.host}:${production.port}`,
    ...(source.from === 'github' ? [new URL(source.apiUrl).host] : []),
  ],
  needs: ({ source, staging, production }) => [staging.secret, production.secret, ...(source.from === 'github' ? [source.secret] : [])],
  timeoutMs: 600_000,
  verifyMs: 10_000,
  preview: async (options, { environment, down }, context) => {
    try {
      return await (down === 'yes' ? previewDown : previewUp)(writtenFor(options, environment), environment, context)
    } catch (error) {
      if (error instanceof Impossible) return { unable: error.message }
      const why = refusedBy(error, options[environment].secret)
      if (why === null) throw error
      return { unable: why }
    }
  },
  run: (options, plan, context) => runPlan(writtenFor(options, plan.environment), plan, context),
  recover: async (options, plan, context) => {
    // It is remembered before anything is changed.
    if (context.memo === null) return { outcome: 'undone' }
    const made = (await settledOf(options, plan, context)).length
    if (made === plan.files.length) return { outcome: 'done', text: textDone(plan) }
    if (made === 0) return { outcome: 'undone' }
    return triesOf(context) < mostTries
      ? { outcome: 'resume' }
      : {
          outcome: 'failed',
          text: `It broke off ${mostTries} times, with ${made} of ${plan.files.length} applied: look at the database, and ask for it again.`,
        }
  },
  verify: async (options, plan, context): Promise<Verification> => {
    const all = plan.files.length
    try {
      const made = (await settledOf(options, plan, context)).length
      const text = `${made} of ${count(all, 'migration')} ${plan.down ? 'gone from' : 'in'} the history of ${plan.environment}.`
      return { findings: [{ status: made === all ? 'ok' : 'fail', text }], settled: made === all }
    } catch (error) {
      const why = error instanceof Impossible ? error.message : refusedBy(error, options[plan.environment].secret)
      if (why === null) throw error
      return { findings: [{ status: 'unknown', text: why }], settled: false }
    }
  },
})
