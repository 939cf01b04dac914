/** What is typed behind a mention of the bot, as it would be typed behind a command: links and signs as they are read, mentions of
 *  people as Slack writes them. */
export const wordsOfMention = (text: string, bot: string): string =>
  text
    .replace(new RegExp(`<@${bot}(?:\\|[^>]*)?>`, 'g'), ' ')
    .replace(/<(?:mailto:)?((?:https?:\/\/)?[^<>|@#!][^<>|]*)(?:\|[^<>]*)?>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim()
    .replace(/^\/?incident\s+/i, '')
