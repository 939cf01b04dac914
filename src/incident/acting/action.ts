/** One remedy as a record knows it: what it would do, what became of it. Everything here is kept in events. */
import type { Finding } from '../check.ts'

/** How many must approve: a product says how many for each. */
export type Risk = 'low' | 'high'

/** What a kind of action keeps for itself: the same text whoever writes it down, and nothing secret. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** What an action would do, as its kind saw the target just now. Nothing was changed to find it out. */
export type Preview = {
  /** What will happen, one sentence in plain words: “Production goes back from dpl_B (v142) to dpl_A (v141).” */
  readonly summary: string
  /** Exactly what will be called: `POST https://api.vercel.com/v9/projects/shop/rollback/dpl_A`. Without secrets. */
  readonly calls: readonly string[]
  /** What it reaches, a line each: “3 commits”, “18 204 jobs, oldest 41 min”. */
  readonly effects: readonly string[]
  /** How it is taken back; null: it cannot be. */
  readonly reversible: string | null
  /** What whoever approves must know besides. */
  readonly warnings: readonly string[]
  /** What will be run, everything decided: the previous deployment by its id, the rows that are predicted. */
  readonly plan: Json
  /** The target's state as far as it bears on the decision. When it is another when the action would run, the approval is void. */
  readonly state: Json
  /** Minutes after which it is taken back by itself; the approval covers that. */
  readonly returnsAfter?: number
}

/** Why an action is not possible as asked, in a sentence that says what to do. */
export type Unable = { readonly unable: string }

/** What came of a run. */
export type Ran =
  /** `undo`: what is needed to take it back; absent: nothing can be. */
  | { readonly outcome: 'done'; readonly text: string; readonly undo?: Json }
  | { readonly outcome: 'failed'; readonly text: string }
  /** Nobody can tell whether it happened: it is not tried again, and a person must look. */
  | { readonly outcome: 'unclear'; readonly text: string }

/** A person has something to do before it goes on, and says when it is done. */
export type Waits = { readonly outcome: 'waits'; readonly task: string; readonly link?: string }

/** How the target is after the run. `settled`: it need not be looked at again. */
export type Verification = { readonly findings: readonly Finding[]; readonly settled: boolean }
