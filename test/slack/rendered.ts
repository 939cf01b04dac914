/** Looking into what was rendered. */
export type Json = Record<string, unknown>

/** Every object in a tree. */
export const objectsIn = (value: unknown): Json[] => {
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  if (typeof value !== 'object' || value === null) return []
  return [value as Json, ...Object.values(value).flatMap(objectsIn)]
}
export const elementsIn = (value: unknown) => objectsIn(value).filter((each) => typeof each['type'] === 'string')
export const mrkdwnIn = (value: unknown) =>
  elementsIn(value)
    .filter((each) => each['type'] === 'mrkdwn')
    .map((each) => String(each['text']))
/** What Slack would act on in mrkdwn. */
export const markup = (text: string) => [...text.matchAll(/<([^>]*)>/g)].map((match) => match[1] ?? '')
