/** Logs of a Compose project, by service, since a time, filtered by words. */
import type { CheckAnswer, CheckContext } from '../../define/check.ts'
import { count, finding, found, hold, lately, listed, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import { amount } from '../measure.ts'
import type { Limit } from '../option.ts'
import { type Container, containersOf, inspect } from './containers.ts'
import type { Engine } from './engine.ts'
import { durationIn } from './duration.ts'
import { logReader } from './lines.ts'

/** The filter that asks for the slowest lines instead of the last ones. */
const slowestFilter = 'duration'
const slowest = 20
const mostBytes = 512 * 1024 * 1024
/** Characters of lines that are kept to be shown, and of one line. */
const mostKept = 150_000
const longestLine = 1000

type Wanted = {
  readonly project: string
  /** Milliseconds. */
  readonly since: number
  /** A line is taken when it has one of these words. */
  readonly filter: readonly string[]
  readonly most?: Limit | undefined
}

/** A filter that looks for what must not be there: what it finds is not well. */
const isOfErrors = (word: string): boolean => /error|fatal|fail|exception|panic|critical|traceback/i.test(word)

/** The last lines, as many as there is room for. */
const lastLines = () => {
  const lines: string[] = []
  let size = 0
  return {
    add: (line: string) => {
      lines.push(line)
      size += line.length + 1
      while (size > mostKept) size -= (lines.shift()?.length ?? 0) + 1
    },
    lines,
  }
}

/** The lines that took longest. */
const slowestLines = () => {
  const lines: { readonly ms: number; readonly line: string }[] = []
  return {
    add: (line: string, ms: number) => {
      if (lines.length === slowest && ms <= (lines.at(-1)?.ms ?? 0)) return
      const place = lines.findIndex((other) => other.ms < ms)
      lines.splice(place === -1 ? lines.length : place, 0, { ms, line })
      lines.length = Math.min(lines.length, slowest)
    },
    lines,
  }
}

/** Whether a line has one of the words; every line where there are none. */
const matcher = (words: readonly string[]): ((line: string) => boolean) => {
  if (words.length === 0) return () => true
  const pattern = new RegExp(words.map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|'), 'i')
  return (line) => pattern.test(line)
}

type Read = { lines: number; matched: number; bytes: number; cut: boolean }

/** Reads the log of one container to its end, or to the end of what is allowed. */
const readLog = async (
  engine: Engine,
  container: Container,
  since: number,
  read: Read,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<void> => {
  const { Config } = await inspect(engine, container)
  const query = { stdout: 1, stderr: 1, timestamps: 1, since: Math.floor(since / 1000) }
  const reader = logReader(Config?.Tty === true, onLine)
  const stream = await engine.stream(`/containers/${container.id}/logs`, query)
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read.bytes += chunk.length
      if (read.bytes > mostBytes) {
        read.cut = true
        break
      }
      reader.push(chunk)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    // What was read until the time was up is worth more than nothing.
    read.cut = true
  }
  reader.end()
}

export const askLogs = async (engine: Engine, wanted: Wanted, service: string | undefined, context: CheckContext): Promise<CheckAnswer> => {
  const containers = await containersOf(engine, wanted.project, service)
  const place = service === undefined ? wanted.project : foreign(service, 60)
  if (containers.length === 0)
    return finding('unknown', `Docker has no container of the project ${wanted.project}: look at its name in service.yml.`)
  const isSlowest = wanted.filter.includes(slowestFilter)
  const words = wanted.filter.filter((word) => word !== slowestFilter)
  const matches = matcher(words)
  const [last, slow] = [lastLines(), slowestLines()]
  const read: Read = { lines: 0, matched: 0, bytes: 0, cut: false }
  const since = Date.parse(context.now()) - wanted.since
  for (const container of containers) {
    if (read.cut) break
    const prefix = containers.length > 1 ? `${container.name} | ` : ''
    await readLog(engine, container, since, read, context.signal, (line) => {
      read.lines += 1
      // The time that Docker puts before a line is not part of what it says.
      const text = line.slice(line.indexOf(' ') + 1)
      if (!matches(text)) return
      const ms = isSlowest ? durationIn(text) : 0
      if (ms === null) return
      read.matched += 1
      const kept = `${prefix}${line.slice(0, longestLine)}`
      if (isSlowest) slow.add(kept, ms)
      else last.add(kept)
    })
  }
  const window = lately(wanted.since)
  const note = read.cut
    ? finding(
        'unknown',
        `Only the first ${count(read.lines, 'line')} (${amount(read.bytes / 1024 / 1024, 'MB')}) could be read in time: ask for a shorter time, or one service.`,
      )
    : found()
  if (read.lines === 0)
    return together(note, finding('unknown', `${place} wrote nothing to its log in ${window}: look whether it runs, and where it logs to.`))
  const what = words.length === 0 ? '' : ` with ${listed(words)}`
  if (isSlowest) {
    const [first] = slow.lines
    const isLimited = wanted.most !== undefined
    return together(
      first === undefined ? found() : hold('slowest', first.ms, 'ms', 'most', wanted.most),
      first === undefined
        ? finding(isLimited ? 'unknown' : 'ok', `No line of ${place}${what} in ${window} tells how long something took.`)
        : finding(
            'ok',
            `${count(read.matched, 'line')} of ${place}${what} in ${window} tell how long something took, the slowest ${amount(first.ms, 'ms')}.`,
          ),
      note,
      first === undefined
        ? found()
        : {
            ...found(),
            detail: { title: `The ${slow.lines.length} slowest of ${place}`, text: slow.lines.map(({ line }) => line).join('\n') },
          },
    )
  }
  const counted = hold(words.length === 0 ? 'lines' : `lines${what}`.slice(0, 60), read.matched, '', 'most', wanted.most)
  const unjudged = read.matched > 0 && wanted.most === undefined && words.some(isOfErrors)
  const gone = read.matched - last.lines.length
  return together(
    counted,
    finding(
      unjudged ? 'warn' : 'ok',
      `${read.matched} of ${count(read.lines, 'line')} of ${place} in ${window}${what === '' ? '' : ` ${read.matched === 1 ? 'is' : 'are'}${what}`}.`,
    ),
    note,
    last.lines.length === 0
      ? found()
      : {
          ...found(),
          detail: {
            title: `Log of ${place}, ${window}${what}${gone > 0 ? ` (the last ${last.lines.length})` : ''}`,
            text: last.lines.join('\n'),
          },
        },
  )
}
