/** The baseline of `commands.ts`: Bolt, verifying signatures, acknowledging, and nothing else. */
import { App, ExpressReceiver } from '@slack/bolt'

const receiver = new ExpressReceiver({ signingSecret: process.env['SIGNING_SECRET'] ?? '' })
const app = new App({ receiver, authorize: () => Promise.resolve({ botToken: 'xoxb-bare', botId: 'B0BARE', botUserId: 'U0BARE' }) })
app.command('/incident', ({ ack }) => ack())
const server = await app.start(0)
const address = (server as { address: () => { port: number } }).address()
process.send?.({ url: `http://127.0.0.1:${address.port}` })
