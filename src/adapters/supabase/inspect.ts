/** What the doctor asks of a Supabase project. Changes nothing. */
import { createClient } from '@supabase/supabase-js'

export type Answer = { readonly status: number; readonly code: string; readonly message: string }

/** `status` 0: no answer came. `code`: of PostgREST or PostgreSQL, empty when all is well. */
export const inspectSupabase = ({ url, secretKey, timeoutMs = 10_000 }: { url: string; secretKey: string; timeoutMs?: number }) => {
  const client = createClient(url, secretKey, { auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false } })
  type Told = { status: number; error: { code?: string; message: string } | null }
  const told = async (work: PromiseLike<Told>): Promise<Answer> => {
    try {
      const { status, error } = await work
      return { status, code: error === null ? '' : (error.code ?? '') || 'none', message: error?.message ?? '' }
    } catch (error) {
      return { status: 0, code: 'none', message: error instanceof Error ? error.message : String(error) }
    }
  }
  const signal = () => AbortSignal.timeout(timeoutMs)
  return {
    /** Reads no row of a table or view. */
    read: (table: string): Promise<Answer> => told(client.from(table).select('*').limit(0).retry(false).abortSignal(signal())),
    /** Calls a function with a record that has nothing in it, which no table takes: nothing is written. */
    callEmpty: (name: string): Promise<Answer> => told(client.rpc(name, { record: {} }).retry(false).abortSignal(signal())),
    /** The same read by somebody who has no key. */
    readAsNobody: async (table: string): Promise<Answer> => {
      try {
        const response = await fetch(new URL(`rest/v1/${table}?select=*&limit=0`, `${url.replace(/\/$/, '')}/`), { signal: signal() })
        await response.body?.cancel()
        return { status: response.status, code: '', message: '' }
      } catch (error) {
        return { status: 0, code: 'none', message: error instanceof Error ? error.message : String(error) }
      }
    },
  }
}
