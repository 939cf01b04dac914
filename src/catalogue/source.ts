/** One YAML file as plain data that still knows where each value stands and which values are assumed. */
import { readFileSync, statSync } from 'node:fs'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import { pathText, type Path, type Problem, type Report } from './problems.ts'

export type Source = {
  readonly file: string
  readonly data: unknown
  /** Values written `{ value: …, assumed: why }`, by the text of their path. They are unwrapped in `data`. */
  readonly assumed: ReadonlyMap<string, string>
  readonly problems: Problem[]
  readonly report: Report
}

const maxBytes = 256 * 1024
const maxDepth = 30

/** Reads a file. Whatever is wrong with it is in `problems`, and `data` is then as much as could be read. */
export const readSource = (file: string): Source => {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) return broken(file, 'there is no such file')
  if (size > maxBytes) return broken(file, `the file has ${Math.ceil(size / 1024)} KiB; at most ${maxBytes / 1024} KiB are read`)
  try {
    return parseSource(file, readFileSync(file, 'utf8'))
  } catch (error) {
    // One product's unreadable file must not keep the others from being served.
    if (error instanceof Error && 'syscall' in error) return broken(file, `the file cannot be read: ${error.message}`)
    throw error
  }
}

/** The text of a file; see `readSource`. */
export const parseSource = (file: string, text: string): Source => {
  const lines = new LineCounter()
  const starts = { key: new Map<string, number>(), value: new Map<string, number>() }
  const assumed = new Map<string, string>()
  const problems: Problem[] = []

  const reportAt = (offset: number, path: Path, message: string, more: Parameters<Report>[2] = {}): void => {
    const { line, col } = lines.linePos(offset)
    problems.push({
      level: more.level ?? 'error',
      file,
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      path: pathText(path),
      message,
      ...(more.suggestion == null ? {} : { suggestion: more.suggestion }),
    })
  }

  const report: Report = (path, message, more = {}) => {
    // A missing key has no place of its own: the closest thing around it has.
    for (let length = path.length; length >= 0; length -= 1) {
      const at = pathText(path.slice(0, length))
      const offset = (length === path.length && more.key ? starts.key.get(at) : undefined) ?? starts.value.get(at)
      if (offset !== undefined) return reportAt(offset, path, message, more)
    }
    return reportAt(0, path, message, more)
  }

  const read = (node: Node | null, path: Path): unknown => {
    if (node === null) return null
    const offset = node.range?.[0] ?? 0
    starts.value.set(pathText(path), offset)
    if (path.length > maxDepth) return reportAt(offset, path, `nested more than ${maxDepth} levels deep`)
    // Aliases can make a few bytes stand for gigabytes, and hide where a value comes from.
    if (isAlias(node)) return reportAt(offset, path, 'YAML aliases are not allowed here: write the value out')
    if (isScalar(node)) return node.value
    if (isSeq(node)) return node.items.map((item, index) => read(item as Node | null, [...path, index]))
    if (!isMap(node)) return undefined
    if (node.has('assumed')) return readAssumed(node, path, offset)
    const data: Record<string, unknown> = {}
    for (const { key, value } of node.items) {
      if (!isScalar(key) || key.value === '__proto__' || key.value === '<<') {
        reportAt((key as Node | null)?.range?.[0] ?? offset, path, 'a key must be a plain word')
        continue
      }
      const name = String(key.value)
      starts.key.set(pathText([...path, name]), key.range?.[0] ?? offset)
      data[name] = read(value as Node | null, [...path, name])
    }
    return data
  }

  const readAssumed = (node: Node, path: Path, offset: number): unknown => {
    if (!isMap(node)) return undefined
    const why = node.get('assumed')
    if (typeof why !== 'string' || why.trim() === '') reportAt(offset, path, '`assumed` must say why, in words')
    else assumed.set(pathText(path), why)
    if (node.items.length !== 2 || !node.has('value')) {
      return reportAt(offset, path, 'an assumed value is written `{ value: …, assumed: why }`, with nothing beside')
    }
    return read(node.get('value', true) as Node, path)
  }

  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    for (const fault of [...document.errors, ...document.warnings]) reportAt(fault.pos[0], [], yamlFault(fault.message))
    // What the parser guessed after a fault of syntax would only cause further, misleading problems.
    const readable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY')
    return { file, data: readable ? read(document.contents, []) : undefined, assumed, problems, report }
  } catch (error) {
    // The parser is recursive: brackets nested by the thousand exhaust the stack.
    if (error instanceof RangeError) return broken(file, `nested more than ${maxDepth} levels deep`)
    throw error
  }
}

const yamlFault = (message: string): string => `not valid YAML: ${message.split('\n')[0]}`

const broken = (file: string, message: string): Source => ({
  file,
  data: undefined,
  assumed: new Map(),
  problems: [{ level: 'error', file, line: 1, column: 1, path: '', message }],
  report: () => {},
})
