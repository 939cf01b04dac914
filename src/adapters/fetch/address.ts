/** Which addresses a product's checks may not reach unless the product says so (faults 56). */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Where clouds hand credentials to whoever asks from inside; the fourth looks public. */
const metadata = ['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254']

const words: Readonly<Record<string, string>> = {
  loopback: 'a loopback address',
  private: 'a private address',
  uniqueLocal: 'a private address',
  linkLocal: 'a link-local address',
  carrierGradeNat: 'an address behind carrier-grade NAT',
  multicast: 'a multicast address',
  broadcast: 'a broadcast address',
  unspecified: 'the unspecified address',
  ipv4Mapped: 'an IPv4 address dressed as IPv6',
  '6to4': 'an IPv4 address dressed as IPv6 (6to4)',
  teredo: 'an IPv4 address dressed as IPv6 (Teredo)',
  rfc6052: 'an IPv4 address dressed as IPv6 (NAT64)',
  rfc6145: 'an IPv4 address dressed as IPv6',
}

/** All that is given out for public use; the rest of IPv6 is unused, local, or old ways of dressing IPv4. */
const globalIpv6 = ipaddr.parseCIDR('2000::/3')

const rangeOf = (address: ipaddr.IPv4 | ipaddr.IPv6): string => {
  const range = address.range()
  if (range !== 'unicast' || address.kind() === 'ipv4') return range
  return address.match(globalIpv6) ? 'unicast' : 'reserved'
}

/** Why an address may not be connected to, in words; null when it may. `literal` is the host as the product names it. */
export const forbiddenAddress = (address: string, allowed: { readonly isPrivate: boolean; readonly literal: string }): string | null => {
  if (isIP(address) === 0) return 'no address'
  const parsed = ipaddr.parse(address)
  // Unwraps an IPv4-mapped address, so that metadata has one form.
  const plain = ipaddr.process(address).toString()
  if (metadata.includes(plain) && !(allowed.isPrivate && allowed.literal === plain)) return 'an instance metadata address'
  const range = rangeOf(parsed)
  if (allowed.isPrivate || range === 'unicast') return null
  return words[range] ?? `a reserved address (${range})`
}
