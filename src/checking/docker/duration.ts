/** How long something took, as a line of a log tells it. Pure. */

/** Milliseconds of each unit, as logs write them. */
const factors: readonly (readonly [names: RegExp, ms: number])[] = [
  [/^(?:ms|msecs?|millis|milliseconds?)$/, 1],
  [/^(?:us|µs|μs|micros|microseconds?)$/, 1e-3],
  [/^(?:ns|nanos|nanoseconds?)$/, 1e-6],
  [/^(?:s|secs?|seconds?)$/, 1000],
  [/^(?:m|mins?|minutes?)$/, 60_000],
  [/^(?:h|hrs?|hours?)$/, 3_600_000],
]

const factorOf = (unit: string): number | null => factors.find(([names]) => names.test(unit.toLowerCase()))?.[1] ?? null

const named =
  /(?<![a-z])(?:duration|elapsed|took|latency)(?:_?(ms|millis|milliseconds|us|micros|ns|nanos)|_(s|secs?|seconds|min|minutes))?(?![a-z])["']?\s{0,8}[=:]?\s{0,8}["']?(?=\d)/gi
/** `1:30`, `0:01:30.5`: minutes and seconds, or hours before them. */
const clock = /(?:(\d+):)?(\d{1,3}):(\d\d(?:\.\d+)?)(?![\d:])/y
/** `1.5s`, `2m3s`, `1 min 30 s`: one after the other. */
const part = /(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s?([a-zµμ]+)(?![a-zµμ])\s?/iy
const bare = /\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy

/** The milliseconds that begin at a place of the line. `unit`: what a number without one has. */
const at = (line: string, place: number, unit: string): number | null => {
  clock.lastIndex = place
  const [, hours = '0', minutes, seconds] = clock.exec(line) ?? []
  if (minutes !== undefined) return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  let sum: number | null = null
  for (let from = place, last = Number.POSITIVE_INFINITY; ;) {
    part.lastIndex = from
    const [text, value = '', name = ''] = part.exec(line) ?? []
    const factor = factorOf(name)
    // Each is smaller than the one before: `3 s 200 ms`, but not `3 s 5 min`.
    if (text === undefined || factor === null || factor >= last) break
    sum = (sum ?? 0) + Number(value) * factor
    from += text.length
    last = factor
  }
  if (sum !== null) return sum
  bare.lastIndex = place
  const [number] = bare.exec(line) ?? []
  return number === undefined ? null : Number(number) * (factorOf(unit) ?? 1)
}

/** Where nothing is named, only what can hardly be anything else. */
const anywhere = /(?<![\w.,:])(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?\s?(?:ms|s)(?!\w)/i

/** The milliseconds that a line tells of, or null: `duration=12ms`, `"duration_ms": 12`, `took 1.2 s`, `elapsed 0:01:30`, `… 85ms`, `2m3s`.
 *  Without a unit they are taken for milliseconds. */
export const durationIn = (written: string): number | null => {
  // 1,200 is no list.
  const line = written.replace(/(?<=\d),(?=\d{3}(?!\d))/g, '')
  for (const { index, 0: text, 1: small, 2: large } of line.matchAll(named)) {
    const ms = at(line, index + text.length, small ?? large ?? 'ms')
    if (ms !== null) return ms
  }
  const found = anywhere.exec(line)
  return found === null ? null : at(line, found.index, 'ms')
}
