/** What a person is told when something is refused: what cannot be, and what to do instead. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Refusal } from '../../src/incident/refusals.ts'
import { knownSeverities, refusalCodes, refusalParts, refuse, sentence } from '../../src/incident/refusals.ts'
import { at } from '../given.ts'

const time = at(0)

/** One of each, and exactly what it says. */
const all: readonly (readonly [Refusal, string])[] = [
  [refuse('unknown_incident', { id: 'INC-99' }), 'There is no INC-99. `/incident list` shows the open ones.'],
  [
    refuse('not_in_incident', { verb: 'ack' }),
    'This is not the channel of an incident. Say which one, for example `/incident ack INC-12`. `/incident list` shows the open ones.',
  ],
  [
    refuse('not_in_incident', { verb: 'ack', meant: 'INC-8' }),
    'This is not the channel of an incident. Did you mean `/incident ack INC-8`? `/incident list` shows the open ones.',
  ],
  [
    refuse('unreadable_record', { id: 'INC-5' }),
    'INC-5 cannot be read: its record is damaged. `/incident audit INC-5` says where. Nothing was recorded. To go on: `/incident new`.',
  ],
  [refuse('private_incident', { id: 'INC-7' }), 'INC-7 is private. Ask its lead to invite you.'],
  [
    refuse('unknown_verb', { verb: 'akc', nearest: 'ack' }),
    '`/incident akc` does not exist. Did you mean `/incident ack`? `/incident help` lists what does.',
  ],
  [refuse('unknown_verb', { verb: 'dance', nearest: null }), '`/incident dance` does not exist. `/incident help` lists what does.'],
  [refuse('unknown_severity', { word: 'P9', known: 'P1/critical, P2' }), '`P9` is not a severity. Use one of P1/critical, P2.'],
  [
    refuse('unknown_product', { word: 'acne', nearest: 'acme', known: 'acme' }),
    '`acne` is not a product. Did you mean `acme`? Known: acme.',
  ],
  [
    refuse('broken_product', { word: 'acme' }),
    '`acme` is left out: its service.yml has a mistake, which the bot named when it started. Until it is mended: `/incident new unassigned P1 <title>`.',
  ],
  [
    refuse('unknown_check', { word: 'web', product: 'Acme Shop', nearest: null, known: 'health' }),
    'Acme Shop has no check `web`. It has: health.',
  ],
  [
    refuse('unknown_check', { word: 'web', product: 'Acme Shop', nearest: null, known: '' }),
    'Acme Shop has no check `web`. It has: none yet.',
  ],
  [
    refuse('product_needed', { example: '/incident new acme P1 Payments fail', known: 'acme' }),
    'Which product? For example `/incident new acme P1 Payments fail`. Known: acme.',
  ],
  [
    refuse('missing', { what: 'The note', example: '/incident note Restarted' }),
    'The note is missing. For example `/incident note Restarted`.',
  ],
  [
    refuse('unreadable', { what: 'a time of day', word: 'at 25:00', example: '/incident note Restarted at 14:05' }),
    '`at 25:00` is not a time of day. For example `/incident note Restarted at 14:05`.',
  ],
  [
    refuse('too_long', { what: 'The note', length: 3001, most: 3000 }),
    'The note is too long: 3001 characters, at most 3000. Shorten it; `/incident note` takes the rest.',
  ],
  [
    refuse('already_declared', { id: 'INC-7', channel: 'C0ACME' }),
    'You declared this already: INC-7, in <#C0ACME>. For another incident use another title.',
  ],
  [refuse('already_said', { at: time }), `You posted exactly this already, at ${time}. To say more, change the words.`],
  [refuse('rule_open', { id: 'INC-7', rule: 'CheckoutErrors' }), 'INC-7 is already open for the alert `CheckoutErrors`. Go on there.'],
  [
    refuse('already_acknowledged', { by: 'Bob', at: time }),
    `Already acknowledged by Bob at ${time}: the response clock has stopped. \`/incident status\` shows the others.`,
  ],
  [refuse('same_severity', { severity: 'P1' }), 'It is P1 already; nothing changed. To change it, name another of P1 to P4.'],
  [refuse('already_mitigated', { at: time }), `Already mitigated at ${time}. When the cause is fixed: \`/incident resolve <summary>\`.`],
  [
    refuse('already_resolved', { at: time }),
    `Already resolved at ${time}. \`/incident note <text>\` still works. If it is back: \`/incident new\`.`,
  ],
  [refuse('not_resolved', { id: 'INC-7' }), 'INC-7 is not resolved yet. First: `/incident resolve <summary>`.'],
  [refuse('already_reviewed', { at: time }), `Already reviewed at ${time}. \`/incident note <text>\` still works.`],
  [
    refuse('no_response_clock', { kind: 'change' }),
    'A change has no response clock, so there is nothing to acknowledge. To say how it goes: `/incident update <text>`.',
  ],
  [refuse('before_start', { at: time, start: at(1) }), `${time} is before the start, ${at(1)}. Give a time between the start and now.`],
  [refuse('in_future', { at: time }), `${time} has not come yet. Give a time between the start and now.`],
  [refuse('not_yours', {}), 'This message belongs to another workspace. Use the bot of your own.'],
  [
    refuse('no_database', {}),
    'The database does not answer, so nothing was recorded. Try again in a minute. If it is urgent, telephone whoever is on call.',
  ],
  [
    refuse('failed', { ref: 'a1b2' }),
    'That failed because of a bug in the bot, and nothing was recorded. Try again, and report it with `a1b2`.',
  ],
]

test.each(all)('%j', (refusal, words) => {
  expect(sentence(refusal)).toBe(words)
})

test('every refusal is here, and short enough to be read at night', () => {
  expect(new Set(all.map(([{ code }]) => code))).toEqual(new Set(refusalCodes))
  for (const [, words] of all) expect(words.length).toBeLessThan(170)
})

test('a long quotation is cut between words, a long word where it must be', () => {
  const quoted = (word: string) => /^`([^`]*)`/.exec(sentence(refuse('unreadable', { what: 'a time', word, example: 'x' })))?.[1]
  expect(quoted('at 25:00')).toBe('at 25:00')
  expect(quoted(`${'some words '.repeat(9)}at 25:00`)).toBe('some words some words some words some words some words…')
  expect(quoted('x'.repeat(80))).toBe(`${'x'.repeat(59)}…`)
})

describe('as an answer', () => {
  test('what can be typed is code, instants and channels are shown as such', () => {
    expect(refusalParts(refuse('already_declared', { id: 'INC-7', channel: 'C0ACME' }))).toEqual([
      {
        kind: 'text',
        spans: [
          'You declared this already: INC-7, in ',
          { channel: 'C0ACME', text: 'C0ACME' },
          '. For another incident use another title.',
        ],
      },
    ])
    expect(refusalParts(refuse('already_mitigated', { at: time }), 'Europe/Berlin')).toEqual([
      {
        kind: 'text',
        spans: [
          'Already mitigated at ',
          { time, zone: 'Europe/Berlin' },
          '. When the cause is fixed: ',
          { code: '/incident resolve <summary>' },
          '.',
        ],
      },
    ])
  })

  test('a foreign word stays one word: it ends no code, names no channel, hides nothing (faults 55)', () => {
    const foreign = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('a` <#C0EVIL> `b', '<!channel>', '`', '<#C0EVIL>', '\u202Eevil', 'x\ny', time),
    )
    fc.assert(
      fc.property(foreign, (word) => {
        const refusals = [
          refuse('unknown_verb', { verb: word, nearest: word }),
          refuse('unknown_incident', { id: word }),
          refuse('unknown_severity', { word, known: 'P1' }),
          refuse('unknown_product', { word, nearest: null, known: 'acme' }),
          refuse('unreadable', { what: 'a time', word, example: 'x' }),
          refuse('already_acknowledged', { by: word, at: time }),
          refuse('rule_open', { id: 'INC-7', rule: word }),
        ]
        for (const refusal of refusals) {
          const spans = refusalParts(refusal).flatMap((part) => (part.kind === 'text' ? part.spans : []))
          expect(spans.some((span) => typeof span === 'object' && ('channel' in span || 'mention' in span || 'link' in span))).toBe(false)
          expect(sentence(refusal).length).toBeLessThan(260)
          expect(sentence(refusal)).not.toMatch(/[\u202E\n]/)
        }
      }),
    )
  })
})

test('what can be typed as a severity', () => {
  expect(knownSeverities({ P1: ['1', 'L1', 'Level 1', 'critical', 'page', 'sev1'], P2: [] })).toBe('P1/Level 1/critical/page, P2')
})
