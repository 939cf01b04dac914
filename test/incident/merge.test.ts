import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { mergeGenerated } from '../../src/incident/merge.ts'

const block = (name: string, body: string) => `<!-- tocsin:begin ${name} -->\n${body}\n<!-- tocsin:end ${name} -->`
const fresh = (version: string) =>
  `---\nid: "INC-1"\nstatus: "${version}"\nevents: 7\n---\n${block('report', `report ${version}`)}\n\n## Impact\n\n_prompt_\n\n${block('clocks', `clocks ${version}\nsecond line`)}\n\n## End\n`

const first = mergeGenerated(fresh('v1'), null)
const second = (present: string) => mergeGenerated(fresh('v2'), present)

test('the first time the document is what was rendered, and a line that names its blocks', () => {
  expect(first).toBe(`${fresh('v1')}\n<!-- tocsin:known front-matter report clocks -->\n`)
  expect(mergeGenerated(fresh('v1'), '  \n')).toBe(first)
  expect(mergeGenerated(fresh('v1'), first)).toBe(first)
})

test('generated text is replaced, human text is not', () => {
  const edited = first.replace('_prompt_', '1 204 customers could not pay.').replace('second line', 'an edit inside')
  expect(second(edited)).toBe(first.replaceAll('v1', 'v2').replace('_prompt_', '1 204 customers could not pay.'))
})

describe('whatever people did to it', () => {
  test('a moved and a copied block are both replaced where they stand', () => {
    const clocks = block('clocks', 'clocks v1\nsecond line')
    const merged = second(first.replace(clocks, '').replace('## Impact', `${clocks}\n\n${clocks}\n\n## Impact`))
    expect(merged.match(/clocks v2/g)).toHaveLength(2)
    expect(merged.indexOf('clocks v2')).toBeLessThan(merged.indexOf('## Impact'))
    expect(merged).not.toContain('v1')
  })

  test('a deleted block stays deleted, a new kind of block is added at the end', () => {
    const without = first.replace(block('clocks', 'clocks v1\nsecond line'), '')
    expect(second(without)).not.toContain('clocks v2')
    const more = `${fresh('v2')}${block('alerts', 'new kind')}\n`
    const merged = mergeGenerated(more, without)
    expect(merged.endsWith(`\n${block('alerts', 'new kind')}\n`)).toBe(true)
    expect(merged).toContain('<!-- tocsin:known front-matter report clocks alerts -->')
    expect(merged).not.toContain('clocks v2')
    expect(mergeGenerated(more, merged)).toBe(merged)
  })

  test.each([
    ['its end', '<!-- tocsin:end report -->'],
    ['its begin', '<!-- tocsin:begin report -->'],
  ])('a block that has lost %s is human text, and is added again with a note', (_, lost) => {
    const broken = first.replace(lost, '').replace('_prompt_', 'We lost 1 204 payments.')
    const merged = second(broken)
    expect(merged).toContain('report v1')
    expect(merged).toContain('We lost 1 204 payments.')
    expect(merged).toContain(
      `> The markers of the block “report” above are broken, so it was added here again. Delete what is not needed.\n\n${block('report', 'report v2')}\n`,
    )
    expect(second(merged)).toBe(merged)
  })

  test('a document of somebody else gets all blocks at its end', () => {
    const merged = second('# Mine\n\nNot a line break at the end')
    expect(merged).toMatch(/^---\nid: "INC-1"[^]*---\n# Mine\n\nNot a line break at the end\n\n<!-- tocsin:begin report/)
    expect(second(merged)).toBe(merged)
  })

  test('Windows line ends stay', () => {
    const merged = second(first.replaceAll('\n', '\r\n'))
    expect(merged).toBe(first.replaceAll('v1', 'v2').replaceAll('\n', '\r\n'))
  })

  test('a block that is generated no more is left as it is', () => {
    const old = `${first}${block('old', 'kept\r\n')}`
    expect(second(old)).toContain(block('old', 'kept\r\n'))
  })
})

describe('front matter', () => {
  test('keeps the keys and comments that people added, and their order', () => {
    const mine =
      '---\n# ours\nowner: "bea"\nevents: 3 # stale\ntags:\n- payments\n- status: not this one\nid: x\nnested:\n  status: nor this\n---\n'
    const merged = second(first.replace(/^---[^]*?---\n/, mine))
    expect(merged).toMatch(
      /^---\n# ours\nowner: "bea"\nevents: 7\ntags:\n- payments\n- status: not this one\nid: "INC-1"\nstatus: "v2"\nnested:\n {2}status: nor this\n---\n/,
    )
    expect(parse(merged.split('---')[1] ?? '')).toEqual({
      owner: 'bea',
      events: 7,
      tags: ['payments', { status: 'not this one' }],
      id: 'INC-1',
      status: 'v2',
      nested: { status: 'nor this' },
    })
    expect(second(merged)).toBe(merged)
  })

  test('that was deleted stays deleted', () => {
    const merged = second(first.replace(/^---[^]*?---\n/, ''))
    expect(merged.startsWith('<!-- tocsin:begin report -->\nreport v2')).toBe(true)
  })

  test('a generated key that people made a list, twice, is one value again', () => {
    const merged = second(first.replace('status: "v1"\n', 'status:\n- a\n- b\n"status": again\n'))
    expect(parse(merged.split('---')[1] ?? '')).toEqual({ id: 'INC-1', status: 'v2', events: 7 })
  })
})

const junk = fc.constantFrom(
  '---\n',
  '---',
  '<!--',
  '-->',
  '<!-- tocsin:',
  '\r\n',
  '\n',
  '\n\n',
  'id: x\n',
  '```\n',
  '| a | b |\n',
  '\u2028',
  '$&',
  '$1',
  '\uFEFF',
  '# H\n',
  '<!-- tocsin:known -->',
  '<!-- tocsin:begin -->',
)
const human = fc
  .array(fc.oneof(junk, fc.string({ unit: 'grapheme', maxLength: 12 })), { maxLength: 8 })
  .map((parts) => parts.join(''))
  .filter((text) => !/tocsin:(begin|end)\s+[a-z]|tocsin:known/.test(text))
const anyBlock = fc.constantFrom(
  block('report', 'old'),
  block('clocks', 'old'),
  block('clocks', 'x').replaceAll('\n', '\r\n'),
  block('other', 'theirs'),
)
const markers = fc.constantFrom(
  '<!-- tocsin:begin report -->',
  '<!-- tocsin:end report -->',
  '<!-- tocsin:begin clocks -->',
  '<!--tocsin:end clocks-->',
  '<!-- tocsin:known clocks front-matter -->',
  '<!-- tocsin:known report -->',
)

test('human text outside blocks survives byte for byte, whatever it is and wherever the blocks are', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(human, anyBlock), { maxLength: 5 }), human, (pairs, last) => {
      const texts = [...pairs.map(([text]) => text), last]
      // A leading `---` makes front matter of what follows; its keys have tests of their own.
      const present = `.${pairs.map(([text, generated]) => text + generated).join('')}${last}`
      const merged = mergeGenerated(fresh('v2'), present)
      const body = merged.replace(/^---\r?\n[^]*?\n---\r?\n/, '')
      const left = body.split(/<!-- tocsin:begin [a-z]+ -->[^]*?<!-- tocsin:end [a-z]+ -->/)
      expect(left.length).toBeGreaterThanOrEqual(texts.length)
      for (const [index, text] of texts.entries()) {
        const whole = index === 0 ? `.${text}` : text
        if (index < texts.length - 1) expect(left[index]).toBe(whole)
        else expect(left[index]?.startsWith(whole)).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})

test('merging twice equals merging once, for any mixture of text, blocks and broken markers', () => {
  const front = fc.constantFrom(
    '',
    '---\nowner: bea\nid: 3\n---\n',
    '---\r\n"id": 3\r\n---\r\n',
    '---\n',
    '\uFEFF---\nstatus: x\n\n  y\n---',
  )
  fc.assert(
    fc.property(front, fc.array(fc.oneof(human, anyBlock, markers), { maxLength: 10 }), (head, parts) => {
      const once = mergeGenerated(fresh('v2'), head + parts.join(''))
      expect(mergeGenerated(fresh('v2'), once)).toBe(once)
    }),
    { numRuns: 1000 },
  )
})
