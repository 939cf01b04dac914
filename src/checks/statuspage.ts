/** Status pages (D14): what a vendor says in public of its own service. */
import { z } from 'zod'
import { vendorFault } from '../checking/fault.ts'
import { foreign } from '../checking/foreign.ts'
import { askJson } from '../checking/json.ts'
import { HttpAddress, hostOf } from '../checking/address.ts'
import { judgeStatusPage, readStatusPage } from '../checking/status-page.ts'
import { defineCheck } from '../define/check.ts'
import { FetchFault } from '../ports.ts'

const options = z.strictObject({
  /** The page's JSON, whose format is recognised: Statuspage and incident.io have it at `/api/v2/summary.json`, Instatus at
   *  `/summary.json`, Better Stack at `/index.json`, Slack at `https://slack-status.com/api/v2.0.0/current`. */
  url: HttpAddress,
  /** Whose page it is; what the page calls itself when not given. */
  vendor: z.string().trim().min(1).max(60).optional(),
  /** Only these of its components matter, by their names. */
  components: z.array(z.string().trim().min(1).max(120)).max(30).default([]),
})

export default defineCheck({
  summary: 'asks a vendor’s public status page what is going on there',
  options,
  hosts: ({ url }) => [hostOf(url)],
  timeoutMs: 10_000,
  concurrency: 8,
  run: async ({ url, vendor, components }, context) => {
    const who = vendor ?? hostOf(url)
    try {
      const asked = await askJson(context, { vendor: who, url, secret: null, schema: z.unknown() })
      if ('findings' in asked) return { findings: asked.findings, measurements: [] }
      const page = readStatusPage(asked.value)
      if (page === null)
        return {
          findings: [{ status: 'unknown', text: `${who}’s status page answers in a format that is not known here.` }],
          measurements: [],
        }
      return { findings: judgeStatusPage(page, vendor ?? foreign(page.name, 60), components), measurements: [] }
    } catch (error) {
      if (!(error instanceof FetchFault)) throw error
      return { findings: [vendorFault(error)], measurements: [] }
    }
  },
})
