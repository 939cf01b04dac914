/** What is typed behind a check: `key=value`, a value with spaces in quotes. Pure. */

const word = /([A-Za-z][\w-]*)=(?:"([^"]*)"|“([^”]*)”|(\S*))|(\S+)/g

/** The words by their names; `wrong`: the first that is none. */
export const typedWords = (text: string): { readonly words: Readonly<Record<string, string>>; readonly wrong: string | null } => {
  const words: Record<string, string> = {}
  for (const [, name, quoted, curly, plain, other] of text.matchAll(word)) {
    if (name === undefined || other !== undefined) return { words: {}, wrong: other ?? '' }
    Object.defineProperty(words, name, { value: quoted ?? curly ?? plain ?? '', enumerable: true, configurable: true })
  }
  return { words, wrong: null }
}
