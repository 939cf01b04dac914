/** Who may come in: whoever signs with the secret, about now, and each signature once. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSame, signAsk, toleranceMs } from './protocol.ts'

export type Knock = {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly at: string
  readonly nonce: string
  readonly signature: string
}

/** Says why not, or null. Used signatures are kept on the disk: they stay used when the agent is started anew. */
export const openDoor = (data: string, secret: string, now: () => number): ((knock: Knock) => string | null) => {
  const file = join(data, 'nonces')
  const isCurrent = (at: number) => Math.abs(now() - at) <= toleranceMs
  const used = new Map<string, number>()
  const forget = () => {
    for (const [nonce, at] of used) if (!isCurrent(at)) used.delete(nonce)
  }
  const write = () => writeFileSync(file, [...used].map(([nonce, at]) => `${at} ${nonce}\n`).join(''), { mode: 0o600 })
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const [at = '', nonce = ''] = line.split(' ')
    if (nonce !== '') used.set(nonce, Number(at))
  }
  forget()
  write()
  let written = used.size
  return ({ method, path, body, at, nonce, signature }) => {
    if (!/^\d{13}$/.test(at) || !/^[0-9a-f]{32}$/.test(nonce) || !isSame(signature, signAsk(secret, { method, path, at, nonce, body })))
      return 'The signature is not right: the secret of the bot and of the agent differ, or something between them changes what is sent.'
    if (!isCurrent(Number(at))) return 'The clocks of the bot and of the agent are more than 5 min apart.'
    if (used.has(nonce)) return 'This was asked before.'
    used.set(nonce, Number(at))
    if (written > 1_000) {
      forget()
      write()
      written = used.size
    } else {
      appendFileSync(file, `${at} ${nonce}\n`)
      written += 1
    }
    return null
  }
}
