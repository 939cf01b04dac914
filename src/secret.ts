/** Comparing what a sender knows with what it should know. */
import { createHash, timingSafeEqual } from 'node:crypto'

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether both are the same; never for an empty secret. Hashes are compared, so that neither content nor length shows in the time taken. */
export const sameSecret = (given: string, secret: string): boolean => secret !== '' && timingSafeEqual(sha256(given), sha256(secret))
