/** Docker's Engine API as far as it changes something: containers are restarted, stopped and started, and nothing else. */
import { dialEngine, type Engine, EngineRefusal, type Hands, type May } from '../../checking/docker/engine.ts'
import type { Place } from '../../checking/docker/place.ts'
import { foreign } from '../../checking/foreign.ts'
import { said } from '../../checking/json.ts'
import { FetchFault } from '../../ports.ts'

type Verb = 'restart' | 'stop' | 'start'

export type Controls = Engine & {
  /** Resolves when Docker has done it, or it was so already. `seconds`: how long a container may take to stop before it is killed. */
  readonly act: (verb: Verb, id: string, seconds?: number) => Promise<void>
}

const mayOf =
  (verbs: readonly Verb[]): May =>
  (method, path) =>
    method === 'GET' || (method === 'POST' && verbs.some((verb) => new RegExp(`^/containers/[a-f0-9]{6,64}/${verb}$`).test(path)))

/** What another status than done means. Throws. */
const judge = (verb: Verb, status: number, body: string): void => {
  if (status === 204 || status === 304) return
  const why = said(body)
  const says = why === '' ? '' : ` It says: ${foreign(why, 160)}`
  // It may have come in the middle of it.
  if (status >= 500) throw new FetchFault('reset', `Docker could not ${verb} it (${status}).${says}`)
  if (status === 401 || status === 403)
    throw new EngineRefusal(`Docker does not let us ${verb} containers (${status}): allow POST …/${verb} in the proxy before it.${says}`)
  if (status === 404) throw new EngineRefusal(`Docker knows the container no more (404): ask again.${says}`)
  throw new EngineRefusal(`Docker answered ${status} to ${verb}, which was not expected.${says}`)
}

/** Works with the Engine, `verbs` being all that may be changed. Throws FetchFault and EngineRefusal. */
export const withControls = <Value>(
  wanted: Place,
  context: Hands,
  verbs: readonly Verb[],
  work: (controls: Controls) => Promise<Value>,
): Promise<Value> =>
  dialEngine(wanted, context, mayOf(verbs), (engine, dial) =>
    work({
      ...engine,
      act: async (verb, id, seconds) => {
        const { status, body } = await dial('POST', `/containers/${id}/${verb}`, seconds === undefined ? {} : { t: seconds })
        judge(verb, status, body)
      },
    }),
  )
