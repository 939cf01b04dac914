/** What a bot is started with: everything outside comes in here, so that a test starts the same bot that `main.ts` does. */
import type { Examine } from './checkup.ts'
import type { AlarmSettings } from './config.ts'
import type { Log } from './define.ts'
import type { Registry } from './registry.ts'

export type BotOptions = {
  /** The project's folder: where `commands/` and `src/` are. */
  readonly registry: Registry
  readonly port: number
  readonly host: string
  readonly runbooks: string
  readonly templates: string
  readonly database: { readonly url: string } | { readonly dataDir: string } | { readonly memory: true | Blob }
  readonly slack: {
    readonly botToken: string
    /** For HTTP; not needed with an app token. */
    readonly signingSecret: string | undefined
    /** Sockets instead of HTTP. */
    readonly appToken?: string | undefined
    readonly apiUrl: string | undefined
    readonly mode: 'live' | 'embedded'
    /** How long a refused app token is left alone, in milliseconds; a minute without it. */
    readonly refusedMs?: number
  }
  /** The workspace is new: channels of before are not there any more. */
  readonly freshWorkspace: boolean
  /** The code host is new, too: what was proposed there is gone. */
  readonly freshCodeHost?: boolean
  readonly announceChannel: string
  readonly github: { readonly token: string; readonly repository: string; readonly apiUrl: string | undefined } | null
  readonly supabase: { readonly url: string; readonly secretKey: string } | null
  readonly alarm: AlarmSettings
  readonly alertToken: string | undefined
  /** The file that tells commands from a terminal where this process is; null: it takes none. */
  readonly doorFile?: string | null
  readonly webhookSecrets: Readonly<Record<string, string | undefined>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What is examined in the background after the start; nothing without it. */
  readonly examine?: Examine
  /** Milliseconds since 1970, of this machine; only for what the database's clock is not asked for. */
  readonly clock: () => number
  readonly log: Log
}
