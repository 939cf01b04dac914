/** `kill -9` between a vendor's effect and our record (faults 53), for actions of each kind: the vendor has done it, keeps its answer, and the
 *  process that waits for it is gone. The next one on the same database finds out what became of it; nothing is done twice. */
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redisPackages } from '../checks/redis.ts'
import { startPostgres } from '../postgres.ts'
import { startSurroundings } from './bots.ts'
import { ensure } from './debian.ts'
import { liveRows, type Row as Killed, type Seen } from './killed.ts'
import { backup, migration, statement } from './scenes/databases.ts'
import { rotation, steps } from './scenes/hands.ts'
import { checkout, containers, hardRestart, hasCaddy, images, maintenance, scaling } from './scenes/host.ts'
import { allKeys, endpoint, someKeys } from './scenes/servers.ts'
import { build, commit, deployment, pullRequest, variable, variableBack, vercelProjects, vercelToken } from './scenes/world.ts'

/** Named by the kind, and by what it is killed at. */
type Row = Killed & {
  readonly status: 'done' | 'unclear'
  /** What the record says, and the card. */
  readonly says: string | RegExp
  readonly deeds: readonly string[]
  /** What must be there for it. */
  readonly needs?: 'Redis' | 'Caddy'
}

const rows: readonly Row[] = [
  {
    name: 'http.call, of an endpoint that says whether it was done',
    scene: endpoint(true),
    status: 'done',
    says: 'it was done.',
    deeds: ['POST /queue/flush'],
  },
  {
    name: 'http.call, of an endpoint that does not say',
    scene: endpoint(false),
    status: 'unclear',
    says: /It was sent, and what became of it is not known: look at 127\.0\.0\.1:\d+\./,
    deeds: ['POST /queue/flush'],
  },
  {
    name: 'sql.update, at its commit',
    scene: statement,
    status: 'done',
    says: 'Changed 2 letters.',
    deeds: ['1 generating 0', '2 draft 1', '3 draft 1'],
  },
  {
    name: 'supabase.migrate, at the last commit on staging',
    scene: migration('staging', '20260202000000', '127.0.0.1'),
    status: 'done',
    says: 'Applied 2 migrations to staging: 20260201000000_tags, 20260202000000_due.',
    deeds: ['staging 20260201000000 tags', 'staging 20260202000000 due'],
  },
  {
    name: 'supabase.migrate, at the first of two commits in production',
    scene: migration('production', '20260201000000', '127.0.0.2'),
    status: 'done',
    says: 'Applied 2 migrations to production: 20260201000000_tags, 20260202000000_due.',
    deeds: ['staging 20260201000000 tags', 'staging 20260202000000 due', 'production 20260201000000 tags', 'production 20260202000000 due'],
  },
  {
    name: 'postgres.backup, as the file is there',
    scene: backup,
    status: 'done',
    says: /Backed up to \S+\.dump: .*, data of 1 table, read again and whole\./,
    deeds: ['dumped'],
  },
  {
    name: 'vercel.rollback',
    scene: deployment('rollback'),
    status: 'done',
    says: /Production serves dpl_\S+\./,
    deeds: ['POST /v1/projects/prj/rollback/dpl'],
  },
  {
    name: 'vercel.promote',
    scene: deployment('promote'),
    status: 'done',
    says: /Production serves dpl_\S+\./,
    deeds: ['POST /v10/projects/prj/promote/dpl'],
  },
  { name: 'vercel.deploy', scene: build, status: 'done', says: /Production serves dpl_\S+\./, deeds: ['POST /v13/deployments'] },
  {
    name: 'env.switch, at the variable',
    scene: variable('set'),
    status: 'done',
    says: /MAILER is brevo, and production serves dpl_\S+, which has it\./,
    deeds: ['PATCH /v9/projects/prj/env/env', 'POST /v13/deployments'],
  },
  {
    name: 'env.switch, at the build',
    scene: variable('build'),
    status: 'done',
    says: /MAILER is brevo, and production serves dpl_\S+, which has it\./,
    deeds: ['PATCH /v9/projects/prj/env/env', 'POST /v13/deployments'],
  },
  {
    name: 'env.switch, at the variable, as it returns by itself',
    scene: variableBack,
    action: 2,
    status: 'done',
    says: /MAILER is resend, and production serves dpl_\S+, which has it\./,
    deeds: ['PATCH /v9/projects/prj/env/env', 'POST /v13/deployments', 'PATCH /v9/projects/prj/env/env', 'POST /v13/deployments'],
  },
  {
    name: 'redis.flush, by a pattern',
    scene: someKeys,
    needs: 'Redis',
    status: 'done',
    says: 'No key is left like limits:*.',
    deeds: ['UNLINK limits:1 limits:2', 'left: session:1'],
  },
  {
    name: 'redis.flush, of everything',
    scene: allKeys,
    needs: 'Redis',
    status: 'done',
    says: 'Removed everything in the database of 127.0.0.2.',
    deeds: ['FLUSHDB ASYNC', 'left: '],
  },
  {
    name: 'git.revert, at the move of the branch',
    scene: commit,
    status: 'done',
    says: /main of acme\/kiosk is at [0-9a-f]{7}, which takes the commit back\./,
    deeds: ['POST /repos/acme/kiosk/git/trees', 'POST /repos/acme/kiosk/git/commits', 'PATCH /repos/acme/kiosk/git/refs/heads/main'],
  },
  {
    name: 'git.revert, at the pull request',
    scene: pullRequest,
    status: 'done',
    says: /Pull request #\d+ is merged as [0-9a-f]{7}: \S+/,
    deeds: ['trees', 'commits', 'refs']
      .map((what) => `POST /repos/acme/kiosk-safe/git/${what}`)
      .concat('POST /repos/acme/kiosk-safe/pulls'),
  },
  { name: 'compose.restart', scene: containers, status: 'done', says: 'Restarted: api.', deeds: ['restart api 1'] },
  {
    name: 'compose.restart, hard, as all comes up',
    scene: hardRestart,
    status: 'done',
    says: 'kiosk-hard was taken down and brought up again.',
    deeds: ['down', 'up -d'],
  },
  {
    name: 'compose.scale',
    scene: scaling,
    status: 'done',
    says: 'There are 3 of worker, instead of 1.',
    deeds: ['up -d --no-deps --no-recreate --scale worker=3 worker'],
  },
  {
    name: 'compose.rollback, as what was built starts',
    scene: checkout,
    status: 'done',
    says: /[0-9a-f]{7} is checked out, built and started, instead of [0-9a-f]{7}\./,
    deeds: ['build --no-cache', 'up -d'],
  },
  {
    name: 'compose.update, as what is new starts',
    scene: images,
    status: 'done',
    says: 'Started anew: api aaaaaaaaaaaa → bbbbbbbbbbbb, worker aaaaaaaaaaaa → bbbbbbbbbbbb.',
    deeds: ['pull', 'up -d'],
  },
  {
    name: 'maintenance, when the page is up',
    scene: maintenance('page'),
    needs: 'Caddy',
    status: 'done',
    says: 'The page is away; api runs.',
    deeds: ['a visitor: 503', 'pages: 1', 'a visitor: 200', 'stop api 1', 'start api 1'],
  },
  {
    name: 'maintenance, when the services are stopped',
    scene: maintenance('stop'),
    needs: 'Caddy',
    status: 'done',
    says: 'The page is away; api runs.',
    deeds: ['a visitor: 503', 'pages: 1', 'a visitor: 200', 'stop api 1', 'start api 1'],
  },
  { name: 'manual, at the record of its last step', scene: steps, status: 'done', says: 'The step was done by hand.', deeds: [] },
  {
    name: 'secret.rotate, at the record of a tick',
    scene: rotation,
    idle: true,
    status: 'done',
    says: 'STRIPE_KEY was rotated by ',
    deeds: ['Step 1 of 3, 0 ticked off', 'Step 2 of 3, 1 ticked off', 'Step 3 of 3, 2 ticked off'],
  },
]

const patienceMs = 300_000
const there = { Redis: ensure(redisPackages), Caddy: hasCaddy() }
const isThere = ({ needs }: Row): boolean => needs === undefined || there[needs]

const stack = new AsyncDisposableStack()
/** What is seen of each row. */
let ends: ReadonlyMap<string, Promise<Seen>>

beforeAll(async () => {
  const [postgres, surroundings] = await Promise.all([
    startPostgres(),
    startSurroundings({ supabase: null, vercel: { token: vercelToken, projects: vercelProjects } }),
  ])
  stack.use(postgres)
  stack.defer(() => surroundings.close())
  ends = liveRows(rows.filter(isThere), { postgres, surroundings, stack })
}, patienceMs)
afterAll(() => stack.disposeAsync(), patienceMs)

test('every kind of action is killed', () => {
  const kinds = readdirSync(new URL('../../src/actions', import.meta.url)).map((file) => file.replace('.ts', ''))
  expect(new Set(rows.map(({ name }) => name.replace(/,.*/, '')))).toEqual(new Set(kinds))
})

test.for(rows)('$name', { timeout: patienceMs }, async (row, { skip }) => {
  skip(!isThere(row), `there is no ${row.needs}`)
  const { scene, left, after, began, ended, cards, running, next, deeds } = (await ends.get(row.name))!
  expect(left).toMatchObject({ status: 'running', target: scene.target, ran: null })
  expect(after).toMatchObject({
    status: row.status,
    ran: {
      outcome: row.status,
      text: typeof row.says === 'string' ? expect.stringContaining(row.says) : expect.stringMatching(row.says),
    },
  })
  expect({ began, ended, running }).toEqual({ began: 1, ended: 1, running: [] })
  // One card, which says how it ended; what became of it stands in it.
  expect(cards).toEqual([expect.stringContaining(after.ran?.text ?? '')])
  expect(next).toMatchObject({ status: 'running', target: scene.target })
  expect(deeds).toEqual(row.deeds)
})
