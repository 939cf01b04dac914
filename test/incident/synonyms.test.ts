import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { severities } from '../../src/incident/policy.ts'
import { synonym } from '../../src/incident/synonyms.ts'

const verbs = readdirSync(new URL('../../commands/incident', import.meta.url)).map((file) => file.replace(/\.ts$/, ''))

test.each([
  ['declare', 'new'],
  ['Create', 'new'],
  ['open', 'new'],
  ['start', 'new'],
  ['critical', 'new'],
  ['sev2', 'new'],
  ['level-3', 'new'],
  ['close', 'resolve'],
  ['done', 'resolve'],
  ['comment', 'note'],
  ['acknowledge', 'ack'],
  ['retro', 'postmortem'],
] as const)('%s is meant for %s', (word, verb) => expect(synonym(word)).toBe(verb))

test('who begins with a severity declares', () => {
  for (const severity of severities) expect([synonym(severity), synonym(severity.toLowerCase())]).toEqual(['new', 'new'])
})

test('other words stand for nothing', () => {
  for (const word of ['', 'frobnicate', 'p', 'p1x', 'constructor', '__proto__']) expect(synonym(word), word).toBeNull()
})

test('every verb that is suggested exists, and no verb is taken for another', () => {
  const words = ['declare', 'acknowledge', 'ls', 'show', 'sev', 'post', 'log', 'contain', 'close', 'retro', 'verify', 'commands']
  for (const word of words) expect(verbs, word).toContain(synonym(word))
  for (const verb of verbs) expect(synonym(verb), verb).toBeNull()
})
