/** The areas of an incident's life, found by the events that they tell and the intents that they decide. */
import type { Area, Asked, Story, Told } from './areas/area.ts'
import { actingArea } from './areas/acting.ts'
import { channelArea } from './areas/channel.ts'
import { checklistArea } from './areas/checklist.ts'
import { checkingArea } from './areas/checking.ts'
import { deadlineArea } from './areas/deadlines.ts'
import { hypothesisArea } from './areas/hypotheses.ts'
import { mergeArea } from './areas/merging.ts'
import { messageArea } from './areas/messages.ts'
import { pagingArea } from './areas/paging.ts'
import { pauseArea } from './areas/pausing.ts'
import { roleArea } from './areas/roles.ts'
import { runbookArea } from './areas/runbooks.ts'
import { snoozeArea } from './areas/snoozing.ts'
import { todoArea } from './areas/todos.ts'
import { unansweredArea } from './areas/unanswered.ts'
import { watchingArea } from './areas/watching.ts'
import { windowArea } from './areas/window.ts'
import type { AreaIntent } from './commands.ts'
import type { AreaEvent, Event, Recorded } from './events.ts'
import type { Incident } from './incident.ts'
import type { Message } from './message.ts'
import type { Job } from './react.ts'
import type { Refusal } from './refusals.ts'

const areas = [
  actingArea,
  channelArea,
  checklistArea,
  checkingArea,
  deadlineArea,
  hypothesisArea,
  mergeArea,
  messageArea,
  pagingArea,
  pauseArea,
  roleArea,
  runbookArea,
  snoozeArea,
  todoArea,
  unansweredArea,
  watchingArea,
  windowArea,
] as const

// Together they have a line for every intent and event of the areas: the compiler says which one is missing.
const decide: Area<AreaIntent, AreaEvent>['decide'] = {
  ...actingArea.decide,
  ...channelArea.decide,
  ...checklistArea.decide,
  ...checkingArea.decide,
  ...deadlineArea.decide,
  ...hypothesisArea.decide,
  ...mergeArea.decide,
  ...messageArea.decide,
  ...pagingArea.decide,
  ...pauseArea.decide,
  ...roleArea.decide,
  ...runbookArea.decide,
  ...snoozeArea.decide,
  ...todoArea.decide,
  ...unansweredArea.decide,
  ...watchingArea.decide,
  ...windowArea.decide,
}
const evolve: Area<AreaIntent, AreaEvent>['evolve'] = {
  ...actingArea.evolve,
  ...channelArea.evolve,
  ...checklistArea.evolve,
  ...checkingArea.evolve,
  ...deadlineArea.evolve,
  ...hypothesisArea.evolve,
  ...mergeArea.evolve,
  ...messageArea.evolve,
  ...pagingArea.evolve,
  ...pauseArea.evolve,
  ...roleArea.evolve,
  ...runbookArea.evolve,
  ...snoozeArea.evolve,
  ...todoArea.evolve,
  ...unansweredArea.evolve,
  ...watchingArea.evolve,
  ...windowArea.evolve,
}
const tell: Area<AreaIntent, AreaEvent>['tell'] = {
  ...actingArea.tell,
  ...channelArea.tell,
  ...checklistArea.tell,
  ...checkingArea.tell,
  ...deadlineArea.tell,
  ...hypothesisArea.tell,
  ...mergeArea.tell,
  ...messageArea.tell,
  ...pagingArea.tell,
  ...pauseArea.tell,
  ...roleArea.tell,
  ...runbookArea.tell,
  ...snoozeArea.tell,
  ...todoArea.tell,
  ...unansweredArea.tell,
  ...watchingArea.tell,
  ...windowArea.tell,
}
const posts: Area<AreaIntent, AreaEvent>['posts'] = {
  ...actingArea.posts,
  ...channelArea.posts,
  ...checklistArea.posts,
  ...checkingArea.posts,
  ...deadlineArea.posts,
  ...hypothesisArea.posts,
  ...mergeArea.posts,
  ...messageArea.posts,
  ...pagingArea.posts,
  ...pauseArea.posts,
  ...roleArea.posts,
  ...runbookArea.posts,
  ...snoozeArea.posts,
  ...todoArea.posts,
  ...unansweredArea.posts,
  ...watchingArea.posts,
  ...windowArea.posts,
}

/** What can only be asked while the record is open. */
export const whileOpen: readonly AreaIntent['type'][] = areas.flatMap((area): readonly AreaIntent['type'][] => area.whileOpen)

// A table by type knows which event or intent it takes for each; the compiler cannot follow that through a union.
type Line<Result> = (...given: readonly unknown[]) => Result

/** Whether an area tells this event. */
export const isAreaEvent = (event: Event): event is AreaEvent => Object.hasOwn(evolve, event.type)

/** Whether an area decides this intent. */
export const isAreaIntent = (intent: { readonly type: string }): intent is AreaIntent => Object.hasOwn(decide, intent.type)

export const decideArea = (incident: Incident, intent: AreaIntent, asked: Asked): readonly Event[] | Refusal =>
  (decide[intent.type] as Line<readonly Event[] | Refusal>)(incident, intent, asked)

export const evolveArea = (incident: Incident, event: AreaEvent, recorded: Recorded): Incident =>
  (evolve[event.type] as Line<Incident>)(incident, event, recorded)

export const tellArea = (event: AreaEvent, story: Story): Told | null => (tell[event.type] as Line<Told | null>)(event, story)

export const postsOfArea = (incident: Incident, event: AreaEvent, recorded: Recorded): readonly Message[] =>
  (posts[event.type] as Line<readonly Message[]>)(incident, event, recorded)

/** Jobs that the areas cause, besides the syncing of the surfaces. */
export const jobsOfAreas = (before: Incident, recorded: Recorded, after: Incident): readonly Job[] =>
  areas.flatMap((area): readonly Job[] => ('react' in area && area.react !== undefined ? area.react(before, recorded, after) : []))
