/** Stripe's lists, read page by page up to a cap. */
import { z } from 'zod'
import { atMost } from '../json.ts'

export type Pages<Item> = {
  readonly items: readonly Item[]
  /** There are more than were read. */
  readonly more: boolean
}

/** What is asked of one page. */
export type Page = { readonly limit: number; readonly starting_after?: string }

const pageSize = 100

/** The most of one list that is read: ten requests. */
const most = 1000

/** Reads a list, the newest first. Throws ZodError for what is not as documented. */
export const readPages = async <Item extends z.ZodType<{ readonly id: string }>>(
  item: Item,
  ask: (page: Page) => Promise<unknown>,
): Promise<Pages<z.infer<Item>>> => {
  const list = z
    .object({ data: atMost(item, pageSize), has_more: z.boolean() })
    .refine(({ data, has_more: more }) => data.length > 0 || !more, 'a page is empty, but says that there is more')
  const items: z.infer<Item>[] = []
  let after: string | undefined
  for (;;) {
    const { data, has_more: more } = list.parse(await ask({ limit: pageSize, ...(after === undefined ? {} : { starting_after: after }) }))
    items.push(...data)
    after = data.at(-1)?.id
    if (!more || after === undefined || items.length >= most) return { items, more }
  }
}

/** Stripe's clock, from milliseconds. */
export const seconds = (ms: number): number => Math.floor(ms / 1000)
