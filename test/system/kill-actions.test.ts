/** `kill -9` between a vendor's effect and our record (faults 53), for actions of each kind: the vendor has done it, keeps its answer, and the
 *  process that waits for it is gone. The next one on the same database finds out what became of it; nothing is done twice. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { plainMessage } from '../../src/embedded/plain.ts'
import type { TrueMessage } from '../../src/embedded/truth.ts'
import { actionOf, type ActionStatus } from '../../src/incident/acting/request.ts'
import type { Recorded } from '../../src/incident/events.ts'
import { replay } from '../../src/incident/evolve.ts'
import { redisPackages } from '../checks/redis.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { startProcess, startSurroundings, type Surroundings, until } from './bots.ts'
import { ensure } from './debian.ts'
import {
  backup,
  commit,
  containers,
  deployment,
  endpoint,
  keys,
  type Scene,
  type Stage,
  statement,
  variable,
  vercelProjects,
  vercelToken,
} from './kill-scenes.ts'

type Row = {
  readonly name: string
  readonly scene: (stage: Stage) => Promise<Scene>
  readonly status: 'done' | 'unclear'
  /** What the record says, and the card. */
  readonly says: string | RegExp
  readonly deeds: readonly string[]
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
  {
    name: 'redis.flush',
    scene: keys,
    status: 'done',
    says: 'No key is left like limits:*.',
    deeds: ['UNLINK limits:1 limits:2', 'left: session:1'],
  },
  {
    name: 'git.revert, at the move of the branch',
    scene: commit,
    status: 'done',
    says: /main of acme\/kiosk is at [0-9a-f]{7}, which takes the commit back\./,
    deeds: ['POST /repos/acme/kiosk/git/trees', 'POST /repos/acme/kiosk/git/commits', 'PATCH /repos/acme/kiosk/git/refs/heads/main'],
  },
  { name: 'compose.restart', scene: containers, status: 'done', says: 'Restarted: api.', deeds: ['restart api 1'] },
  {
    name: 'postgres.backup, as the file is there',
    scene: backup,
    status: 'done',
    says: /Backed up to \S+\.dump: .*, data of 1 table, read again and whole\./,
    deeds: ['dumped'],
  },
  {
    name: 'env.switch, at the variable',
    scene: variable('switch-set', 'PATCH */env/*'),
    status: 'done',
    says: /MAILER is brevo, and production serves dpl_\S+, which has it\./,
    deeds: ['PATCH /v9/projects/prj/env/env', 'POST /v13/deployments'],
  },
  {
    name: 'env.switch, at the build',
    scene: variable('switch-build', 'POST /v13/deployments'),
    status: 'done',
    says: /MAILER is brevo, and production serves dpl_\S+, which has it\./,
    deeds: ['PATCH /v9/projects/prj/env/env', 'POST /v13/deployments'],
  },
]

const template = 'template_kill_actions'
const nobody = { users: new Map<string, string>(), channels: new Map<string, string>(), groups: new Map<string, string>() }
/** Several live at a time, on a machine that may have much else to do. */
const patienceMs = 120_000
const general = 'C000000001'

let postgres: Postgres
let surroundings: Surroundings

beforeAll(async () => {
  ;[postgres, surroundings] = await Promise.all([
    startPostgres(),
    startSurroundings({ vercel: { token: vercelToken, projects: vercelProjects } }),
  ])
  // Made once: a start on a database that has its tables is faster.
  const url = await postgres.createDatabase(template)
  await (await startProcess(surroundings.settings('template', url, 'announce')).ready).kill('SIGTERM')
}, patienceMs)
afterAll(async () => {
  await surroundings.close()
  await postgres[Symbol.asyncDispose]()
})

/** A product whose action `it` is the scene's; `other` changes the same, by hand. */
const productOf = ({ kind, options, target }: Scene): string =>
  stringify({
    name: 'Kiosk',
    privateHosts: ['127.0.0.1'],
    actions: {
      it: { kind, title: 'The remedy', risk: 'low', options },
      other: { kind: 'manual', title: 'Another remedy', options: { target, risk: 'low', steps: ['Look at it.'] } },
    },
  })

/** A bot on a database of its own, with that product and a record of its own number. */
const startRow = async ({ surroundings: around, stack }: Stage, scene: Scene, number: number) => {
  const name = `kill-actions-${number}`
  const url = await postgres.createDatabase(name, template)
  const database = new Client({ connectionString: url })
  await database.connect()
  stack.defer(() => database.end())
  await database.query('update tocsin.counter set value = $1', [number - 1])

  const runbooks = mkdtempSync(join(tmpdir(), 'kill-actions-'))
  stack.defer(() => rmSync(runbooks, { recursive: true, force: true }))
  mkdirSync(join(runbooks, 'kiosk'))
  writeFileSync(join(runbooks, 'kiosk/service.yml'), productOf(scene))
  const settings = { ...around.settings(name, url, `announce-${number}`), TOCSIN_RUNBOOKS: runbooks, ...scene.environment }
  let starting = startProcess(settings)
  let bot = await starting.ready
  stack.defer(() => starting.kill())

  const id = `INC-${number}`
  const say = async (as: string, channel: string, text: string): Promise<string> => {
    const said = await around.type(bot.url, as, channel, text)
    expect(said.status).toBe(200)
    return said.text
  }
  await say('alice', general, '/incident new kiosk P1 Payments fail')
  const channel = await until(
    async () =>
      (await database.query<{ channel_id: string | null }>('select channel_id from tocsin.incident where id = $1', [id])).rows[0]
        ?.channel_id,
    `the channel of ${id}`,
  )
  const request = async (action: number) => {
    const { rows: events } = await database.query<{ text: string }>('select text from tocsin.event where incident = $1 order by seq', [id])
    const incident = replay(events.map(({ text }) => JSON.parse(text) as Recorded))
    return incident === null ? undefined : actionOf(incident, action)
  }
  const becomes = (action: number, ...statuses: readonly ActionStatus[]) =>
    until(
      async () => {
        const found = await request(action)
        return found !== undefined && statuses.includes(found.status) ? found : null
      },
      `action ${action} of ${id} ${statuses.join(' or ')}`,
    )
  return {
    request,
    becomes,
    /** Asked for by one, approved by another. */
    approved: async (action: number, words: string): Promise<void> => {
      await say('alice', channel, `/incident run ${words}`)
      await becomes(action, 'waiting')
      expect(await say('bob', channel, `/incident approve ${action}`)).toContain(`Approved action ${action}`)
    },
    kill: () => bot.kill('SIGKILL'),
    start: async () => {
      starting = startProcess(settings)
      bot = await starting.ready
    },
    count: async (type: string, action: number) =>
      Number(
        (
          await database.query<{ count: string }>(
            `select count(*) from tocsin.event where incident = $1 and data->'event'->>'type' = $2 and data->'event'->>'action' = $3`,
            [id, type, String(action)],
          )
        ).rows[0]?.count,
      ),
    running: async () =>
      (await database.query<{ action: number }>('select action from tocsin.action_run where ended_at is null')).rows.map(
        ({ action }) => action,
      ),
    cards: async (action: number) =>
      (await around.ask<TrueMessage[]>('GET', `/channels/${channel}/messages`))
        .map(({ blocks, text }) => stripVTControlCharacters(plainMessage({ blocks, text }, nobody).join('\n')))
        .filter((text) => text.includes(`Action ${action}: `) && text.includes('Asked by')),
  }
}

test.concurrent.for(rows.map((row, index) => ({ ...row, number: (index + 1) * 100 })))(
  '$name',
  { timeout: patienceMs },
  async ({ scene: build, status, says, deeds, number }, { skip }) => {
    skip(build === keys && !ensure(redisPackages), 'there is no Redis')
    await using stack = new AsyncDisposableStack()
    const stage = { postgres, surroundings, stack }
    const scene = await build(stage)
    const row = await startRow(stage, scene, number)

    const { happened } = await scene.keep()
    await row.approved(1, `it ${scene.input ?? ''} because payments fail`)
    await happened
    await row.kill()
    expect((await row.request(1))?.status).toBe('running')
    scene.goOn?.()
    await row.start()

    const { ran } = await row.becomes(1, 'done', 'failed', 'unclear')
    expect(ran).toMatchObject({
      outcome: status,
      text: typeof says === 'string' ? expect.stringContaining(says) : expect.stringMatching(says),
    })
    expect((await row.request(1))?.status).toBe(status)
    expect([await row.count('action-started', 1), await row.count('action-ran', 1)]).toEqual([1, 1])
    // One card, which says how it ended; what became of it stands in it.
    const [card, ...others] = await until(
      async () => {
        const cards = await row.cards(1)
        return cards.some((text) => text.includes(`– ${status}\n`)) ? cards : null
      },
      'the end on the card',
      20_000,
    )
    expect(card).toContain(ran?.text)
    expect(others).toEqual([])
    expect(await row.running()).toEqual([])

    await row.approved(2, 'other because it is not over')
    expect((await row.becomes(2, 'running')).target).toBe(scene.target)
    expect(await scene.deeds()).toEqual(deeds)
  },
)
