/** Lines of a container's log, read as they come: a log may be larger than memory. */

/** More of a line is not kept. */
const longest = 4096
const headerSize = 8
const lineEnd = 0x0a

/** Splits pieces into lines. What is too long is cut. */
const splitter = (onLine: (line: string) => void) => {
  let begun: Buffer[] = []
  let size = 0
  const add = (piece: Buffer) => {
    if (size >= longest || piece.length === 0) return
    // A copy of what may stay, so that it does not hold the whole piece that it was cut from.
    begun.push(Buffer.from(piece.subarray(0, longest - size)))
    size += piece.length
  }
  const end = () => {
    if (begun.length > 0) onLine(Buffer.concat(begun).toString().replace(/\r$/, ''))
    begun = []
    size = 0
  }
  return {
    push: (piece: Buffer) => {
      let from = 0
      for (let at = piece.indexOf(lineEnd); at !== -1; at = piece.indexOf(lineEnd, from)) {
        if (size === 0) {
          const line = piece.toString('utf8', from, Math.min(at, from + longest))
          if (at > from) onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
        } else {
          add(piece.subarray(from, at))
          end()
        }
        from = at + 1
      }
      add(piece.subarray(from))
    },
    end,
  }
}

/** Reads a log. With a terminal it is text; without one Docker puts a header of 8 bytes before each piece of either output. */
export const logReader = (isTerminal: boolean, onLine: (line: string) => void) => {
  const outputs = [splitter(onLine), splitter(onLine)] as const
  const [plain, error] = outputs
  let header = Buffer.alloc(0)
  let current = plain
  let left = 0
  const push = (chunk: Buffer): void => {
    if (isTerminal) return plain.push(chunk)
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const piece = chunk.subarray(at, at + left)
        current.push(piece)
        left -= piece.length
        at += piece.length
        continue
      }
      const part = chunk.subarray(at, at + headerSize - header.length)
      header = Buffer.concat([header, part])
      at += part.length
      if (header.length < headerSize) continue
      current = header[0] === 2 ? error : plain
      left = header.readUInt32BE(4)
      header = Buffer.alloc(0)
    }
  }
  return { push, end: () => outputs.forEach((output) => output.end()) }
}
