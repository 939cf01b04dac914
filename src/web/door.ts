/** The door for commands from a terminal: a listener of its own on the loopback address, with a token that only who may read the data
 *  folder knows. Where it is and the token stand in a file there; nothing of it can be reached from elsewhere, through a proxy neither. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Log } from '../define.ts'

/** What the file says. */
export type Door = { readonly url: string; readonly token: string }

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Opens it and writes `file`, for its owner only. `run` gets the body as it was sent and gives the answer, or null when the body is
 *  not a request. */
export const openDoor = async ({
  file,
  run,
  log,
}: {
  file: string
  run: (body: unknown) => Promise<object | null>
  log: Log
}): Promise<() => Promise<void>> => {
  const token = randomBytes(32).toString('base64url')
  const expected = sha256(`Bearer ${token}`)
  const http = express()
  http.disable('x-powered-by')
  http.use((request, response, next) => {
    if (timingSafeEqual(sha256(request.get('authorization') ?? ''), expected)) return next()
    log.warn({ path: request.path }, 'a request to the terminal’s door was refused')
    return response.status(401).json({ error: 'The token is wrong.' })
  })
  http.post('/cli', express.json({ limit: '100kb' }), (request, response, next) => {
    run(request.body).then(
      (answer) => (answer === null ? response.status(400).json({ error: 'The request cannot be read.' }) : response.json(answer)),
      next,
    )
  })
  const server = createServer(http)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const door: Door = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/cli`, token }
  const text = `${JSON.stringify(door)}\n`
  // Renamed into place, so that nobody reads half of it, and an old file's rights do not stay. Under a name of its own, because several
  // processes may share a folder and start together: the last one takes the commands.
  const fresh = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(fresh, text, { mode: 0o600 })
  await rename(fresh, file)
  return async () => {
    // Another process on this folder may have put its own there.
    if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true })
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
}
