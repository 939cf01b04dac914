/** What the store and the worker need of a logger; pino's is one. Messages are constants, what varies is a field. */
export type Log = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
