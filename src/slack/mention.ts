/** What is typed behind a mention of the bot, as Slack sends what is typed behind a command: links as they are read, people, groups and
 *  channels as Slack writes them. */
export const wordsOfMention = (text: string, bot: string): string =>
  text
    .replace(new RegExp(`<@${bot}(?:\\|[^>]*)?>`, 'g'), ' ')
    .replace(/<(?:mailto:)?((?:https?:\/\/)?[^<>|@#!][^<>|]*)(?:\|[^<>]*)?>/g, '$1')
    .trim()
    .replace(/^\/?incident\s+/i, '')
