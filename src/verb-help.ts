/** Help on the verbs of a command: all of them in a list, or one with its examples. */
import type { Reply, Verb } from './define.ts'
import type { Part, Span } from './incident/message.ts'
import { nearest } from './incident/nearest.ts'
import { refuse } from './incident/refusals.ts'

/** One verb, by what was typed. */
export const helpOn = (command: Verb['command'], word: string, verbs: readonly Verb[]): Reply => {
  const mine = verbs.filter((verb) => verb.command === command)
  const found = mine.find(({ name }) => name === word.toLowerCase())
  if (found === undefined) {
    const meant = nearest(
      word,
      mine.map(({ name }) => name),
    )
    return { refused: refuse('unknown_verb', { verb: word, nearest: meant, ...(command === 'diag' ? { command } : {}) }) }
  }
  const { usage, summary, examples } = found.definition
  return {
    parts: [
      { kind: 'text', spans: [{ code: `/${command} ${usage}` }, ` ${summary}.`] },
      { kind: 'list', items: examples.map((example): Span[] => [{ code: example }]) },
    ],
  }
}

/** All of them, each in a line. */
export const verbList = (command: Verb['command'], verbs: readonly Verb[]): Part => ({
  kind: 'list',
  items: verbs
    .filter((verb) => verb.command === command)
    .map(({ definition: { usage, summary } }): Span[] => [{ code: usage }, ` ${summary}`]),
})
