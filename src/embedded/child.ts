/** Starts the world in a process of its own and waits until it is ready. It stops with whoever started it. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { WorldInfo, WorldOptions } from './world.ts'

/** How long a first start may take, in milliseconds: the local Supabase builds its database. */
const patienceMs = 60_000

export type WorldProcess = WorldInfo & { readonly stop: () => Promise<void>; readonly exited: Promise<number | null> }

/** Throws when the world does not start, with its reason. `dataDir`: where it keeps `world.json`. */
export const startWorldProcess = (options: WorldOptions, dataDir: string): Promise<WorldProcess> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), {
      env: { ...process.env, TOCSIN_WORLD: JSON.stringify(options), TOCSIN_DATA: dataDir },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const exited = new Promise<number | null>((done) => child.once('exit', done))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`the local world was not ready after ${patienceMs / 1000} s`))
    }, patienceMs)
    child.once('message', (message: WorldInfo | { error: string }) => {
      clearTimeout(timer)
      if ('error' in message) {
        reject(new Error(`the local world did not start: ${message.error}`))
        return
      }
      const stop = async () => {
        if (child.connected) child.disconnect()
        await exited
      }
      resolve({ ...message, stop, exited })
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the local world stopped with code ${code} before it was ready`))
    })
  })
