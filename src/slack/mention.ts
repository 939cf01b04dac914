/** What is typed behind a mention of the bot, as Slack would send it behind a command: signs, people and groups as Slack writes them;
 *  links by their address, because here what is shown of them may be something else. */
export const wordsOfMention = (text: string, bot: string): string =>
  text
    .replace(new RegExp(`<@${bot}(?:\\|[^>]*)?>`, 'g'), ' ')
    .replace(/<(?:mailto:)?((?:https?:\/\/)?[^<>|@#!][^<>|]*)(?:\|[^<>]*)?>/g, '$1')
    .trim()
    .replace(/^\/?incident\s+/i, '')
