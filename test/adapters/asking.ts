/** What tests of the guarded fetch ask it. */
import { expect } from 'vitest'
import { guardedFetch } from '../../src/adapters/fetch.ts'
import type { Lookup } from '../../src/adapters/fetch/guard.ts'
import { FetchFault, type FetchFaultCode, type GuardedResponse } from '../../src/ports.ts'

export const faultOf = async (answer: Promise<GuardedResponse>): Promise<FetchFault> => {
  const error = await answer.then(
    (response) => new Error(`answered ${response.status}`),
    (thrown: unknown) => thrown,
  )
  if (error instanceof FetchFault) return error
  throw error
}

/** `sent`: whether something of the request may have arrived. */
export const expectFault = async (
  answer: Promise<GuardedResponse>,
  code: FetchFaultCode,
  words: RegExp,
  sent?: 'sent' | 'unsent',
): Promise<void> => {
  const fault = await faultOf(answer)
  expect([fault.code, fault.message]).toEqual([code, expect.stringMatching(words)])
  if (sent !== undefined) expect(fault.unsent).toBe(sent === 'unsent')
}

/** A product whose host is local and allowed to be. */
export const local = (host: string, more: object = {}) => guardedFetch({ hosts: [host], privateHosts: [host], ...more })
export const to =
  (...addresses: string[]): Lookup =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
