import { describe, expect, test } from 'vitest'
import { severityOf } from '../../src/incident/match.ts'

describe('severity words of alerts', () => {
  test.each([
    ['critical', 'P1'],
    ['page', 'P1'],
    ['P1', 'P1'],
    ['high', 'P2'],
    ['error', 'P2'],
    ['P2', 'P2'],
    ['medium', 'P3'],
    ['P3', 'P3'],
    ['low', 'P4'],
    ['P4', 'P4'],
    [' CRITICAL ', 'P1'],
    ['Level-1', 'P1'],
    ['sev 2', 'P2'],
  ])('%s opens %s', (word, opens) => expect(severityOf(word, 'P4')).toEqual({ opens, said: null }))

  test('warning joins, info is recorded', () => {
    expect(severityOf('warning', 'P1')).toBe('joins')
    expect(severityOf('Warning', 'P1')).toBe('joins')
    expect(severityOf('info', 'P1')).toBe('recorded')
  })

  test('none given, or not known: the product’s default, and said', () => {
    expect(severityOf(null, 'P3')).toEqual({ opens: 'P3', said: "The alert gives no severity: P3 is the product's default." })
    expect(severityOf('  ', 'P3')).toMatchObject({ opens: 'P3', said: expect.stringContaining('no severity') })
    expect(severityOf('catastrophic', 'P2')).toEqual({
      opens: 'P2',
      said: 'The severity "catastrophic" is not known: P2 is the product\'s default.',
    })
    for (const word of ['constructor', '__proto__', 'toString', 'P5', 'P11'])
      expect(severityOf(word, 'P2')).toMatchObject({ opens: 'P2', said: expect.any(String) })
    expect(severityOf('x'.repeat(5000), 'P2')).toMatchObject({ said: expect.stringMatching(/^.{0,140}$/) })
  })

  test('a product’s own words come first, but cannot make a warning open anything', () => {
    const aliases = { P1: ['Totalausfall', 'warning'], P2: ['high', 'critical'] }
    expect(severityOf('totalausfall', 'P4', { aliases })).toEqual({ opens: 'P1', said: null })
    expect(severityOf('critical', 'P4', { aliases })).toEqual({ opens: 'P2', said: null })
    expect(severityOf('warning', 'P4', { aliases })).toBe('joins')
  })

  test.each(['staging', 'Preview', 'test', 'develop'])('an alert of %s never opens a P1, and that is said', (environment) => {
    const said = `It comes from ${environment.toLowerCase()}: P2 at most.`
    expect(severityOf('critical', 'P1', { labels: { environment } })).toEqual({ opens: 'P2', said })
    expect(severityOf('critical', 'P1', { labels: { env: environment } })).toEqual({ opens: 'P2', said })
    expect(severityOf(null, 'P1', { labels: { env: environment } })).toEqual({
      opens: 'P2',
      said: `The alert gives no severity: P1 is the product's default. ${said}`,
    })
    expect(severityOf('low', 'P1', { labels: { env: environment } })).toEqual({ opens: 'P4', said: null })
  })

  test('production does', () => {
    for (const environment of ['production', 'prod', '', 'latest'])
      expect(severityOf('critical', 'P4', { labels: { environment } })).toEqual({ opens: 'P1', said: null })
  })
})
