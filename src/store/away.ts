/** Whether an error means that the database does not answer, rather than that a statement is wrong. */

/** SQLSTATE classes 08 (connection), 53 (resources), 57 (operator intervention, statement timeout among them), 58 (system). */
const classes = ['08', '53', '57', '58']
const system = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN']

/** Looks through the causes, too. */
export const isAway = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && (system.includes(code) || (code.length === 5 && classes.includes(code.slice(0, 2))))) return true
  // `pg` gives these no code: node-postgres lib/client.js and pg-pool index.js.
  if (
    /timeout (exceeded )?when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error/i.test(
      error.message,
    )
  )
    return true
  return isAway(error.cause)
}
