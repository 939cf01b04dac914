/** `npm run new-product -- <name>`: a commented starting point for a product. Exit code 0: made, 1: refused, 2: not understood. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { newProduct, NotMade } from './new-product.ts'
import { loadRegistry } from './registry.ts'

const usage = `npm run new-product -- <key> [--title "Web Shop"] [--url https://shop.example.com]

  <key>    what its folder is called, and what people type: small letters, digits, dashes, such as web-shop
  --title  what people call it; without one, made of the key
  --url    where people use it; without one, a placeholder to be filled in
`

const given = () => {
  try {
    const options = { title: { type: 'string' }, url: { type: 'string' }, help: { type: 'boolean' } } as const
    return parseArgs({ options, allowPositionals: true })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return null
  }
}

const make = async (key: string, { title, url }: { title?: string | undefined; url?: string | undefined }): Promise<0 | 1> => {
  const root = resolve(import.meta.dirname, '..')
  // Empty is as good as unset, as it is for the bot.
  const runbooks = process.env['TOCSIN_RUNBOOKS'] || 'runbooks'
  const templates = process.env['TOCSIN_TEMPLATES'] || 'templates'
  try {
    const { folder, todo } = newProduct({ key, title, url }, { runbooks, templates, registry: await loadRegistry(root) })
    process.stdout.write(
      [
        `Made ${folder}:`,
        '  service.yml   who is called, how fast, what can be asked; each line says what it is for',
        '  site-down.md  a runbook to begin with',
        ...(todo.length === 0 ? [] : ['', 'To be filled in, there or by variables in the environment of the bot:']),
        ...todo.map(({ line, path, message }) => `  service.yml:${line} ${path}: ${message}`),
        '',
        `Look at it:  npm run catalogue -- ${key}`,
        `Try it:      restart the bot, then /incident new ${key} P4 A first try --drill`,
        '',
      ].join('\n'),
    )
    return 0
  } catch (error) {
    if (!(error instanceof NotMade)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

const asked = given()
const [key, ...more] = asked?.positionals ?? []
if (asked?.values.help === true) process.stdout.write(usage)
else if (asked === null) process.exitCode = 2
else if (key === undefined || more.length > 0) {
  process.stderr.write(
    `${key === undefined ? 'The product needs a key.' : 'One key is made at a time; a title with spaces stands in quotes.'}\n\n${usage}`,
  )
  process.exitCode = 2
} else process.exitCode = await make(key, asked.values)
