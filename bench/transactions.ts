/** The transactions that work costs, as the server's own log tells them. */
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { type Postgres, startPostgres } from '../test/postgres.ts'

/** One transaction: its statements, each with its parameters behind it. */
export type Transaction = { readonly id: string; readonly statements: readonly string[] }

export type LoggingPostgres = Postgres & {
  /** Everything that is asked of the server while `work` runs, by transaction, in order. Outside of it nothing is written down. */
  during: (work: () => Promise<void>) => Promise<Transaction[]>
}

const mark = '\u0001'

/** A server that can write down what it is asked. */
export const startLoggingPostgres = async (): Promise<LoggingPostgres> => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-log-'))
  // The server is another user where this is root.
  chmodSync(folder, 0o777)
  const postgres = await startPostgres({
    durable: true,
    settings: {
      logging_collector: 'on',
      log_directory: folder,
      log_filename: 'statements.log',
      log_file_mode: '0644',
      // A virtual id is given to transactions that only read, too.
      log_line_prefix: `${mark}%v|`,
    },
  })
  const admin = async (...statements: string[]) => {
    const client = new Client({ connectionString: postgres.url() })
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  const written = () =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('')

  return {
    ...postgres,
    async during(work) {
      const before = written().length
      // Each backend takes a setting up before its next statement.
      await admin(`alter system set log_statement = 'all'`, 'select pg_reload_conf()')
      try {
        await work()
      } finally {
        await admin(`alter system reset log_statement`, 'select pg_reload_conf()')
      }
      const found = new Map<string, string[]>()
      for (const entry of written().slice(before).split(mark)) {
        const [, id = '', said = ''] = /^([^|]*)\|([^]*)$/.exec(entry) ?? []
        const statement = /^LOG:\s+(?:statement|execute [^:]*): ([^]*)$/.exec(said)?.[1]?.trim()
        const parameters = /^DETAIL:\s+([^]*)$/.exec(said)?.[1]?.trim()
        const present = found.get(id) ?? []
        if (statement !== undefined) found.set(id, [...present, statement])
        else if (parameters !== undefined && present.length > 0) present.push(`${present.pop() ?? ''}\n${parameters}`)
      }
      return [...found].map(([id, statements]) => ({ id, statements }))
    },
    async [Symbol.asyncDispose]() {
      await postgres[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
