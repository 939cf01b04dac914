/** The static look at catalogue and templates. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { templates } from '../../src/adapters/templates.ts'
import { loadCatalogue } from '../../src/catalogue.ts'
import { examineCatalogue, variablesOf } from '../../src/doctor/catalogue.ts'
import { examineTemplates } from '../../src/doctor/templates.ts'
import { policy } from '../given.ts'

const folder = mkdtempSync(join(tmpdir(), 'tocsin-doctor-catalogue-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kinds = {
  probe: { options: z.object({ url: z.string(), secret: z.string().optional(), auth: z.object({ secret: z.string() }).optional() }) },
}

const actionKinds = {
  change: z.object({ secret: z.string().optional(), copies: z.array(z.string()).optional(), tokenSecret: z.string().optional() }),
}

/** What they say of their settings. */
const says = new Map([
  [
    'change',
    {
      needs: ({ secret }: { secret?: string }) => (secret === undefined ? [] : [secret]),
      uses: ({ tokenSecret }: { tokenSecret?: string }) => (tokenSecret === undefined ? [] : [tokenSecret]),
    },
  ],
])

const look = (files: Record<string, string>, environment: Record<string, string> = { FALLBACK_EMAIL: 'a@example.test' }) => {
  const runbooks = mkdtempSync(join(folder, 'runbooks-'))
  for (const [key, text] of Object.entries(files)) {
    mkdirSync(join(runbooks, key))
    writeFileSync(join(runbooks, key, 'service.yml'), text)
  }
  const { catalogue, problems } = loadCatalogue({ runbooks, templates: 'templates', kinds, actionKinds, environment })
  return examineCatalogue(catalogue, problems, environment, says).map(
    ({ level, where, what, todo }) => `${level} ${where.replace(`${runbooks}/`, '')}: ${what} → ${todo}`,
  )
}

describe('catalogue', () => {
  test('an error has its place and what to write instead', () => {
    const [summary, first] = look({ shop: 'name: Shop\ncontacts: { a: { name: A, email: a@example.test } }\nlader: [a]\n' })
    expect(summary).toBe('ok catalogue: 0 products, 0 checks → ')
    expect(first).toMatch(/^error shop\/service\.yml:3:1 lader: .* → Write `ladder`, if that is meant\.$/)
  })

  test('a variable without a value says which to set', () => {
    expect(
      look({
        shop: 'name: Shop\nvariables: { SHOP_URL: { placeholder: https://shop.example } }\nlinks: [{ name: Site, url: "${SHOP_URL}", kind: site }]\nladder: []\n',
      }),
    ).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^warning shop\/service\.yml:2:\d+ variables\.SHOP_URL: .* → Set SHOP_URL in the environment of the bot\.$/),
      ]),
    )
  })

  test('a variable that several things wait for is said once, with all of them', () => {
    const shop = `name: Shop
variables: { SHOP_URL: { placeholder: "https://shop.example" } }
links:
  - { name: Site, url: "\${SHOP_URL}", kind: site }
  - { name: Health, url: "\${SHOP_URL}/health", kind: health }
contacts:
  a: { name: A, email: "\${SHOP_EMAIL:-}", placeholder: nobody yet }
  b: { name: B, email: "\${SHOP_EMAIL:-}", placeholder: nobody yet }
  c: { name: C, email: c@example.test }
ladder: [a, c]
checks:
  one: { kind: probe, title: One, options: { url: "\${SHOP_URL}/one", secret: SHOP_KEY } }
`
    const found = look({ shop })
    expect(found).toEqual([
      'ok catalogue: 1 product, 1 check → ',
      expect.stringMatching(
        /^warning shop\/service\.yml:2:\d+ variables\.SHOP_URL: not set in the environment: .*: without it the check one cannot ask, and the links Site, Health are not shown → Set SHOP_URL in the environment of the bot\.$/,
      ),
      'warning SHOP_KEY: is not set: without it the check one cannot ask → Set it to Shop’s secret in the environment of the bot.',
      'warning SHOP_EMAIL: is not set: without it A, B cannot be told → Set SHOP_EMAIL in the environment of the bot.',
    ])
    // A product that is left out has only its problems.
    expect(look({ shop: `${shop}nonsense: 1\n` }).filter((line) => line.includes('SHOP_URL')).length).toBe(3)
  })

  test('a secret that is missing says which alerts and checks do not work', () => {
    const shop = `name: Shop
contacts: { a: { name: A, email: a@example.test } }
ladder: [a]
alerts: { secrets: { generic: SHOP_SECRET } }
checks:
  one: { kind: probe, title: One, options: { url: "https://shop.example", secret: SHOP_KEY } }
  two: { kind: probe, title: Two, options: { url: "https://shop.example", auth: { secret: SHOP_KEY } } }
`
    const found = look({ shop })
    expect(found).toEqual([
      'ok catalogue: 1 product, 2 checks → ',
      'warning SHOP_KEY: is not set: without it the checks one, two cannot ask → Set it to Shop’s secret in the environment of the bot.',
      'warning SHOP_SECRET: is not set: without it alerts to /alerts/generic/shop are refused → Set it to Shop’s secret in the environment of the bot.',
    ])
    expect(look({ shop }, { FALLBACK_EMAIL: 'a@example.test', SHOP_SECRET: 'x', SHOP_KEY: 'y' })).toEqual([
      'ok catalogue: 1 product, 2 checks → ',
    ])
  })

  test('an action that only speaks of a secret can do without it', () => {
    const shop = `name: Shop
ladder: []
checks: { one: { kind: probe, title: One, options: { url: "https://shop.test", secret: SHOP_KEY } } }
actions:
  call: { kind: change, title: Call, options: { secret: SHOP_KEY } }
  rotate: { kind: change, title: Rotate, options: { copies: [SHOP_KEY] } }
`
    expect(look({ shop })).toContain(
      'warning SHOP_KEY: is not set: without it the check one cannot ask, and the action call cannot run → Set it to Shop’s secret in the environment of the bot.',
    )
  })

  test('an action that makes use of a setting, and can do without it, runs', () => {
    const shop = `name: Shop
ladder: []
actions:
  call: { kind: change, title: Call, options: { secret: SHOP_KEY } }
  back: { kind: change, title: Back, options: { tokenSecret: SHOP_KEY } }
  on: { kind: change, title: On, options: { tokenSecret: SHOP_TOKEN } }
`
    expect(look({ shop }).slice(1)).toEqual([
      'warning SHOP_KEY: is not set: without it the action call cannot run, and the action back runs and can tell less → Set it to Shop’s secret in the environment of the bot.',
      'warning SHOP_TOKEN: is not set: without it the action on runs and can tell less → Set it to Shop’s secret in the environment of the bot.',
    ])
  })

  test('a P1 that reaches nobody is said once', () => {
    for (const shop of ['name: Shop\nladder: []\n', 'name: Shop\ncontacts: { a: { name: A, url: "https://a.example" } }\nladder: [a]\n'])
      expect(look({ shop }, {}).filter((line) => line.includes('P1 of Shop'))).toEqual([
        expect.stringMatching(/^warning shop\/service\.yml:\d+:1 ladder: a P1 of Shop reaches nobody: .* → Put somebody on the ladder/),
      ])
    expect(look({ shop: 'name: Shop\nladder: []\n' }).join()).not.toContain('P1')
  })

  test('variables that products name are known', () => {
    const { catalogue } = loadCatalogue({ runbooks: 'runbooks', templates: 'templates', kinds: {}, environment: {} })
    const known = variablesOf(catalogue, ['url: ${SHOP_URL:-https://x}\n# and SHOP_OTHER'])
    expect([...known]).toEqual(expect.arrayContaining(['SHOP_URL', 'SHOP_OTHER']))
  })
})

describe('templates', () => {
  test('this repository’s render', () => {
    expect(examineTemplates(templates('templates'), policy())).toEqual([
      { level: 'ok', where: 'templates', what: 'postmortem renders', todo: '' },
    ])
  })

  test.each([
    ['a variable that does not exist', '{{ colour }}', /postmortem\.md: .*colour/],
    ['a filter that does not exist', '{{ "x" | colourful }}', /colourful/],
    ['a tag that is not closed', '{% if x %}', /postmortem\.md/],
  ])('%s', (_, text, message) => {
    const copy = mkdtempSync(join(folder, 'templates-'))
    cpSync('templates', copy, { recursive: true })
    writeFileSync(join(copy, 'postmortem.md'), `${readFileSync('templates/postmortem.md', 'utf8')}\n${text}\n`)
    const [found] = examineTemplates(templates(copy), policy())
    expect(found).toMatchObject({ level: 'error', where: 'templates', todo: 'Correct the template: until then no post-mortem is written.' })
    expect(found?.what).toMatch(message)
  })
})
