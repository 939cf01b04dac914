/** Thrown for what keeps migrations from being run; its message is a sentence for people. */
export class Impossible extends Error {}
