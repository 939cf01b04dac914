import { ask as askFor, namedAction, takeNumber, whichAction } from '../../src/asked-action.ts'
import { defineCommand, given } from '../../src/define.ts'
import { isUndoable } from '../../src/incident/acting/request.ts'

export default defineCommand({
  summary: 'Ask to take back an action; that needs an approval, too',
  usage: 'undo <n> [why]',
  examples: ['/incident undo 3', '/incident undo 3 it made it worse'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const { action, rest } = takeNumber(ask.words)
    if (action === null) return whichAction(incident, { verb: 'undo', what: 'has been done that can be taken back' }, isUndoable)
    const request = namedAction(incident, action)
    if ('code' in request) return { refused: request }
    const reason = rest === '' ? null : rest
    return askFor(ask, incident, context.requests.back(incident, request), { reason, undoes: action }, context)
  },
})
