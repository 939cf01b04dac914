/** Regenerates a document that people have edited: what stands between the markers of a generated block, and the generated keys
 *  of the front matter, are replaced; everything else stays as it is, byte for byte.
 *
 *  - A block may be moved or copied: each whole copy is replaced where it stands.
 *  - A block that somebody deleted stays deleted. A line, `<!-- tocsin:known … -->`, names every block that the document ever had:
 *    what it does not name is a new kind of block and is added at the end.
 *  - A block with a broken marker (its begin or its end is missing) cannot be told from human text: that text is left alone, and
 *    the block is added at the end with a note.
 *  - A generated key of the front matter that was deleted comes back; front matter that was deleted as a whole does not.
 *  - The document keeps its line ends. An empty document counts as none. */

const marker = /<!--[ \t]*tocsin:(begin|end)[ \t]+([a-z][a-z0-9-]*)[ \t]*-->/g
const known = /<!--[ \t]*tocsin:known((?:[ \t]+[a-z][a-z0-9-]*)*)[ \t]*-->/
const frontKey = /^(["']?)([A-Za-z_][\w-]*)\1[ \t]*:(?:[ \t]|\r?\n|$)/

/** Human text, or a block: its markers as they stand and what is between them. */
type Block = { readonly name: string; readonly begin: string; readonly body: string; readonly end: string }
type Piece = { readonly text: string } | Block

/** Only a begin whose very next marker is its own end makes a block: with a marker missing, nothing between is taken for ours. */
const pieces = (text: string): { pieces: Piece[]; broken: Set<string> } => {
  const found: Piece[] = []
  const broken = new Set<string>()
  const markers = [...text.matchAll(marker)]
  let from = 0
  for (const [index, begin] of markers.entries()) {
    const end = markers[index + 1]
    const name = begin[2] ?? ''
    if (begin.index < from) continue
    if (begin[1] !== 'begin' || end === undefined || end[1] !== 'end' || end[2] !== name) {
      broken.add(name)
      continue
    }
    found.push({ text: text.slice(from, begin.index) })
    found.push({ name, begin: begin[0], body: text.slice(begin.index + begin[0].length, end.index), end: end[0] })
    from = end.index + end[0].length
  }
  return { pieces: [...found, { text: text.slice(from) }], broken }
}

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

const splitFront = (text: string): { open: string; lines: string; close: string; rest: string } | null => {
  const lines = linesOf(text)
  const end = lines.findIndex((line, index) => index > 0 && /^---[ \t]*\r?\n?$/.test(line))
  if (end === -1 || !/^\uFEFF?---[ \t]*\r?\n$/.test(lines[0] ?? '')) return null
  return { open: lines[0] ?? '', lines: lines.slice(1, end).join(''), close: lines[end] ?? '', rest: lines.slice(end + 1).join('') }
}

/** The keys of front matter with their lines; lines that belong to no key (comments) have the key null. A value goes on over
 *  lines that are indented or that continue a list. */
const entriesOf = (text: string): { key: string | null; text: string }[] => {
  const entries: { key: string | null; text: string }[] = []
  for (const line of linesOf(text)) {
    const key = frontKey.exec(line)?.[2]
    const last = entries.at(-1)
    if (key === undefined && last !== undefined && last.key !== null && /^(?:[ \t]+\S|-[ \t])/.test(line)) last.text += line
    else entries.push({ key: key ?? null, text: line })
  }
  return entries
}

/** Generated keys in place of the old ones; one that is missing follows the one that it follows when generated. */
const mergeFront = (fresh: string, present: string): string => {
  const generated = entriesOf(fresh).filter((entry) => entry.key !== null)
  const value = new Map(generated.map((entry) => [entry.key, entry.text]))
  const placed = new Set<string | null>()
  const merged = entriesOf(present).flatMap((entry) => {
    const text = value.get(entry.key)
    if (text === undefined) return [entry]
    if (placed.has(entry.key)) return []
    placed.add(entry.key)
    return [{ ...entry, text }]
  })
  for (const [index, entry] of generated.entries()) {
    if (placed.has(entry.key)) continue
    const before = generated[index - 1]?.key
    merged.splice(before === undefined ? 0 : merged.findIndex(({ key }) => key === before) + 1, 0, entry)
  }
  return merged.map(({ text }) => text).join('')
}

/** The line end that most of what people wrote has. Generated text is not counted: it follows. */
const lineEnd = (human: string): string => {
  const windows = human.split('\r\n').length - 1
  return windows > human.split('\n').length - 1 - windows ? '\r\n' : '\n'
}

const note = (name: string) =>
  `> The markers of the block “${name}” above are broken, so it was added here again. Delete what is not needed.`

const isBlock = (piece: Piece): piece is Block => 'name' in piece
const humanOf = (all: readonly Piece[]): string => all.map((piece) => ('text' in piece ? piece.text : '')).join('')
const ended = (text: string, eol: string): string => (text === '' || text.endsWith('\n') ? text : text + eol)

/** The body with its blocks as generated, what is missing at the end, and the names of all that it ever had. */
const mergeBody = (fresh: readonly Piece[], present: string, eol: string, front: boolean): { text: string; ever: ReadonlySet<string> } => {
  const blocks = fresh.filter(isBlock)
  const byName = new Map(blocks.map((block) => [block.name, block]))
  const { pieces: all, broken } = pieces(present)
  const names = all.map((piece) => ('text' in piece ? known.exec(piece.text)?.[1] : undefined)).find((found) => found !== undefined)
  const ever = new Set(names?.split(/[ \t]+/).filter(Boolean))
  const now = new Set([...ever, ...(front ? ['front-matter'] : []), ...byName.keys()])
  const line = `<!-- tocsin:known ${[...now].join(' ')} -->`

  let marked = names === undefined || now.size === ever.size
  const kept = all.map((piece) => {
    if (isBlock(piece)) return `${piece.begin}${byName.get(piece.name)?.body.replace(/\r?\n/g, eol) ?? piece.body}${piece.end}`
    if (marked || !known.test(piece.text)) return piece.text
    marked = true
    return piece.text.replace(known, line)
  })
  const whole = new Set(all.filter(isBlock).map(({ name }) => name))
  const added = blocks
    .filter(({ name }) => !whole.has(name) && (broken.has(name) || !ever.has(name)))
    .map(
      ({ name, begin, body, end }) =>
        `${eol}${broken.has(name) ? note(name) + eol + eol : ''}${begin}${body.replace(/\r?\n/g, eol)}${end}${eol}`,
    )
  const end = added.join('') + (names === undefined ? `${eol}${line}${eol}` : '')
  return { text: end === '' ? kept.join('') : ended(kept.join(''), eol) + end, ever }
}

/** The document with its generated parts as `fresh` (a rendered template) has them and its human parts as `present` has them. Merging
 *  the result again changes nothing. */
export const mergeGenerated = (fresh: string, present: string | null): string => {
  const base = present === null || present.trim() === '' ? fresh : present
  const [generated, existing] = [splitFront(fresh), splitFront(base)]
  const eol = lineEnd(humanOf(pieces(existing?.rest ?? base).pieces))
  const { text, ever } = mergeBody(pieces(generated?.rest ?? fresh).pieces, existing?.rest ?? base, eol, generated !== null)
  const lines = (generated?.lines ?? '').replace(/\r?\n/g, eol)
  if (existing !== null) return existing.open + mergeFront(lines, existing.lines) + existing.close + text
  return generated === null || ever.has('front-matter') ? text : `---${eol}${lines}---${eol}${text}`
}
