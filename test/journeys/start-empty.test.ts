/** `npm start` where no product is: a wrong path is told of, a broken product is not in the way. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { noProducts } from '../../src/catalogue/files.ts'
import { root } from '../bot.ts'

const folder = mkdtempSync(join(tmpdir(), 'tocsin-empty-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const advice = 'make a folder with a `service.yml` in it for each product, or set TOCSIN_RUNBOOKS to where they are'

const refusal = async (runbooks: string): Promise<unknown> => {
  const env = { PATH: process.env['PATH'], TOCSIN_DATA: join(folder, 'data'), TOCSIN_RUNBOOKS: runbooks, PORT: '0' }
  const started = promisify(execFile)(process.execPath, [join(root, 'src/main.ts')], { cwd: folder, env, timeout: 30_000 })
  return started.catch((error: unknown) => error)
}

test('without a folder of products, or without any product in it, it does not start', async () => {
  expect(await refusal('runbooks')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `The settings cannot be used:
  - TOCSIN_RUNBOOKS (${join(folder, 'runbooks')}): there is no such folder: ${advice}
See .env.example for all settings.
`,
  })
  const empty = join(folder, 'empty')
  mkdirSync(join(empty, 'not-a-product'), { recursive: true })
  expect(await refusal(empty)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`TOCSIN_RUNBOOKS (${empty}): no product is in this folder: ${advice}\n`) as string,
  })
})

test('a broken product is a product', () => {
  const broken = join(folder, 'broken')
  mkdirSync(join(broken, 'acme'), { recursive: true })
  writeFileSync(join(broken, 'acme/service.yml'), ': not YAML [')
  expect(noProducts(broken)).toBeNull()
})
