/** Words that mean something where the name of a product or of a check may be typed, too: nothing can be called by them. Pure. */

/** The verbs of `/diag`, as they are in `commands/diag/`. */
export const diagVerbs: ReadonlySet<string> = new Set(['check', 'diff', 'digest', 'help', 'list', 'unwatch', 'watch'])

/** Whether `/diag` takes a word, in small letters, for something else than a name: for a verb, for all checks, for a record. */
export const meansSomethingToDiag = (word: string): boolean => diagVerbs.has(word) || word === 'all' || /^(?:inc-?|#)\d+$/.test(word)

/** Whether no product can be called by a word, in small letters: where `/incident new` takes a product, a title may begin with `new`. */
export const meansSomethingForProducts = (word: string): boolean => meansSomethingToDiag(word) || word === 'new'
