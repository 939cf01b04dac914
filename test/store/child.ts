/** A process of its own for tests that kill one: `child.ts worker <url>` works on the queue `a` and prints `<pid> <n>` for each
 *  job; `child.ts folder <path>` opens a data folder and holds it; `child.ts timers <url> <count> <spread ms>` sets timers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openStore } from '../../src/store/database.ts'
import { remember } from '../../src/store/settings.ts'
import { openQueue } from '../../src/store/queue.ts'
import { silent } from '../silent.ts'
import { queueOf } from './sample.ts'

const [what, where = ''] = process.argv.slice(2)
// Held open until it is killed.
setInterval(() => undefined, 60_000)

if (what === 'folder') {
  const store = await openStore({ dataDir: where, log: silent })
  await remember(store.db, 'held by', String(process.pid))
  process.stdout.write('open\n')
} else {
  const store = await openStore({ url: where, log: silent })
  const queue = await openQueue(store, { queues: [queueOf('a')], log: silent })
  await queue.work({
    a: async ({ data, retryCount }) => {
      process.stdout.write(`${process.pid} ${String(data['n'])} ${retryCount}\n`)
      await sleep(data['ms'] as number)
    },
  })
  process.stdout.write('ready\n')
}
