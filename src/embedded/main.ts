/** The world in a process of its own: `npm run world`, or forked by whoever starts the bot. Options come as JSON in TOCSIN_WORLD. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startWorld, type WorldOptions } from './world.ts'

const data = process.env['TOCSIN_DATA'] || '.tocsin'

/** A small company, when nobody says otherwise. */
const usual: WorldOptions = {
  port: 3001,
  users: ['alice', 'bob', 'carol', 'dave', 'erin'].map((name) => ({
    name,
    email: `${name}@example.test`,
    realName: `${name.charAt(0).toUpperCase()}${name.slice(1)} Example`,
  })),
  bot: { token: 'xoxb-local', name: 'bot', signingSecret: 'local-signing-secret' },
  github: { token: 'ghp_local', owner: 'acme', repo: 'incidents' },
  botUrl: 'http://127.0.0.1:3000',
  supabase: { dataDir: join(data, 'supabase'), migrations: 'supabase/migrations' },
}

const start = async (): Promise<void> => {
  const given = process.env['TOCSIN_WORLD']
  const world = await startWorld(given ? { ...usual, ...(JSON.parse(given) as Partial<WorldOptions>) } : usual)
  const { supabase: _, close, [Symbol.asyncDispose]: __, ...info } = world
  const file = join(data, 'world.json')

  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    void rm(file, { force: true })
      .then(close)
      .finally(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  // Ctrl-C reaches parent and child: the parent needs the world until it has finished, then lets go of it.
  process.on('SIGINT', () => (process.connected ? undefined : stop()))
  process.on('disconnect', stop)
  // Whoever forked this may have died meanwhile.
  if (process.send && !process.connected) return stop()

  await mkdir(data, { recursive: true })
  await writeFile(file, JSON.stringify({ ...info, pid: process.pid }, null, 2), { mode: 0o600 })
  if (process.send) process.send(info)
  else process.stdout.write(`world is ready ${JSON.stringify(info)}\n`)
}

start().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  // Whoever forked this says it; the exit must not overtake the message.
  if (process.send) process.send({ error: message }, () => process.exit(1))
  else {
    process.stderr.write(`the world did not start: ${message}\n`)
    process.exit(1)
  }
})
