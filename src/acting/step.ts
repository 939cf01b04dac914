/** How many an action reaches, so coarsely that what comes and goes by itself leaves an approval as it is, and what has grown much does
 *  not. */

/** The next of 1, 2, 5, 10, 20, 50 …, and never less than `least`: the same for a while, although they come and go. */
export const step = (many: number, least = 1): number => {
  const wanted = Math.max(many, least)
  const ten = 10 ** Math.floor(Math.log10(wanted))
  return [1, 2, 5, 10].map((factor) => factor * ten).find((bound) => bound >= wanted) ?? wanted
}

/** Fewer than so many are the same to whoever approves, where nobody has said otherwise. */
export const few = 10
