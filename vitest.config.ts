import { globSync, readFileSync } from 'node:fs'
import { configDefaults, defineConfig } from 'vitest/config'
import { ensurePostgres } from './test/postgres.ts'

/** Suites that cannot run without a real PostgreSQL, where none is there and none can be installed: left out, and named. */
const impossible = ensurePostgres()
  ? []
  : globSync('test/**/*.test.ts').filter((file) => /startPostgres|freshDatabase|store: 'postgres'/.test(readFileSync(file, 'utf8')))
if (impossible.length > 0) console.warn(`Skipped, since there is no PostgreSQL:\n${impossible.map((file) => `  ${file}`).join('\n')}`)

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...impossible],
    globalSetup: ['test/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores are the smallest machine this must pass on. Journeys wait about as long as they work, so three share them.
    maxWorkers: 3,
  },
})
