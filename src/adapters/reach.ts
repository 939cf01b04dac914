/** Whether a service answers at all. Any answer but its own failure counts: what it says is for those who use it. */

/** Why the address does not answer, or null. Throws nothing. */
export const reachable = async (url: string, timeoutMs = 5_000): Promise<string | null> => {
  try {
    const { status } = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    return status >= 500 ? `HTTP ${status}` : null
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cause instanceof Error ? cause.message : String(cause)
  }
}
