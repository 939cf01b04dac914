/** A real Celery of Debian: a worker with beat, on a Redis, for tasks that succeed, fail, and give much. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { find, type Package } from '../system/debian.ts'

const library = '/usr/lib/python3/dist-packages/redis'

/** What `ensure` must find. */
export const celeryPackages: readonly Package[] = [
  { name: 'celery', binary: 'celery' },
  { name: 'python3-redis', binary: () => (existsSync(library) ? library : null) },
]

/** Celery's settings are those of its documentation; `result_extended` makes results name their task. */
const app = (broker: string, results: string) => `
from celery import Celery
app = Celery('shop', broker='${broker}', backend='${results}')
app.conf.update(result_extended=True, task_default_queue='celery', broker_connection_retry_on_startup=True,
                beat_schedule={'refresh every second': {'task': 'shop.refresh', 'schedule': 1.0}})

@app.task(name='shop.refresh')
def refresh():
    return 'fresh'

@app.task(name='shop.pay')
def pay(size=1):
    return 'x' * size

@app.task(name='shop.fail')
def fail(size=1):
    raise ValueError('y' * size)
`

/** Debian's own Python has Debian's own Celery. */
const python = '/usr/bin/python3'

export const startCelery = async (redisPort: number) => {
  const folder = await mkdtemp(join(tmpdir(), 'celery-'))
  const at = (db: number) => `redis://127.0.0.1:${redisPort}/${db}`
  await writeFile(join(folder, 'shop.py'), app(at(0), at(1)))
  const words = ['-A', 'shop', 'worker', '-P', 'solo', '-B', '-Q', 'celery', '-s', join(folder, 'schedule'), '-l', 'warning']
  const setpriv = find('setpriv') ?? 'setpriv'
  const child = spawn(setpriv, ['--pdeathsig', 'KILL', python, '-m', 'celery', ...words], {
    cwd: folder,
    stdio: 'ignore',
    // It starts processes of its own, which end with it.
    detached: true,
  })
  return {
    /** Runs Python with the tasks at hand. */
    send: (code: string) =>
      void execFileSync(python, ['-c', `from shop import *\n${code}`], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }),
    hasEnded: () => child.exitCode !== null,
    [Symbol.asyncDispose]: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : null
      if (child.pid !== undefined && ended !== null) process.kill(-child.pid, 'SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
