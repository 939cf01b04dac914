/** Somebody else’s words as a sentence of ours. */
export const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
