/** Templates in `templates/*.md`, with the filters that make foreign text harmless in Markdown (faults 55, 61). */
import { join } from 'node:path'
import { Liquid } from 'liquidjs'
import type { Templates } from '../ports.ts'

// Format characters reorder or hide text: bidirectional controls, zero-width characters, tags. The two joiners stay, because
// emoji and several scripts need them.
const deceptive = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]+/gu

/** Breaks what GitHub would make a mention, a reference or a link of, without changing what is read. A backslash would not do:
 *  these are looked for after it is gone. */
const broken = '&#8203;'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Text as literal text on one line, wherever in Markdown it stands: in a sentence, a table, a heading or a list. It links to
 *  nothing, mentions nobody and hides nothing. */
export const md = (text: string | number | boolean | null | undefined): string =>
  String(text ?? '')
    .toWellFormed()
    .replace(/\s+/g, ' ')
    .replace(deceptive, '')
    .trim()
    .replace(/[&<>]/g, (character) => entities[character] ?? '')
    .replace(/[\\`*_[\]|~$]/g, '\\$&')
    .replace(/^([-+=]|#{1,6}(?= |$))/, '\\$1')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
    .replace(/#(?=\d)/g, `#${broken}`)
    .replace(/@(?=[A-Za-z0-9])/g, `@${broken}`)
    .replace(/\b(GH-)(?=\d)/gi, `$1${broken}`)
    .replace(/:(?=\/\/)/g, `:${broken}`)
    .replace(/\b(www)(?=\.)/gi, `$1${broken}`)
    .replace(/\b(mailto|xmpp)(?=:)/gi, `$1${broken}`)

/** A link that shows `name` and goes to `url`; only the name when the address is not one of the web. */
export const link = (name: string, url: unknown): string => {
  const address = typeof url === 'string' && URL.canParse(url) ? new URL(url) : null
  if (address === null || !/^https?:$/.test(address.protocol)) return md(name)
  return `[${md(name)}](<${address.href.replace(/[|<>\\`\s]/g, encodeURIComponent)}>)`
}

/** A value of YAML front matter on one line. JSON is YAML, and what YAML's printable set lacks is gone. */
export const yaml = (value: unknown): string =>
  JSON.stringify(typeof value === 'string' ? value.toWellFormed().replace(/\s+/g, ' ').replace(deceptive, '') : (value ?? null))

/** The templates in `folder`. `render` throws for a name that is not there and for a variable or filter that does not exist, naming
 *  file, line and column. Files are read anew each time, so an edit needs no restart. */
export const templates = (folder: string): Templates => {
  const engine = new Liquid({
    root: folder,
    extname: '.md',
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    cache: false,
  })
  engine.registerFilter('md', md)
  engine.registerFilter('link', link)
  engine.registerFilter('yaml', yaml)
  return {
    render: (name, model) => {
      if (!/^[a-z0-9-]+$/.test(name))
        throw new Error(`A template is named with small letters, digits and hyphens, not ${JSON.stringify(name)}`)
      try {
        return String(engine.renderFileSync(name, model))
      } catch (cause) {
        // The engine names the line, but for a missing variable not the file.
        throw new Error(`${join(folder, name)}.md: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      }
    },
  }
}
