import { z } from 'zod'
import { defineAction } from '../define/action.ts'

const Step = z.string().trim().min(1).max(1000)

const Options = z.strictObject({
  /** What is changed, for locks: `supabase:shop`. */
  target: z.string().min(1).max(100),
  /** What is done by hand, a sentence a step. */
  steps: z.array(Step).min(1).max(30),
  /** What it reaches, for whoever approves. */
  effects: z.array(z.string().max(300)).default([]),
  /** How it is taken back by hand; without one it cannot be. */
  undo: z.string().max(500).optional(),
  risk: z.enum(['low', 'high']).default('high'),
})

/** What people do where there is no API: the same approval, and each step is ticked off by whoever did it. */
export default defineAction({
  summary: 'A procedure that people do by hand, step by step',
  options: Options,
  input: z.strictObject({ note: z.string().max(300).default('').describe('What exactly') }),
  risk: ({ risk }) => risk,
  target: ({ target }) => target,
  hosts: () => [],
  timeoutMs: 10_000,
  preview: ({ steps, effects, undo, target }, { note }) =>
    Promise.resolve({
      summary: `People do by hand ${steps.length === 1 ? 'one step' : `${steps.length} steps`}${note === '' ? '' : `: ${note}`}.`,
      calls: [],
      effects: [...effects, ...steps],
      reversible: undo === undefined ? null : `people, by hand: ${undo}`,
      warnings: [],
      plan: { steps },
      state: { target },
    }),
  run: (_, { steps }, { ticked }) => {
    const next = steps[ticked]
    return Promise.resolve(
      next === undefined
        ? {
            outcome: 'done' as const,
            text: steps.length === 1 ? 'The step was done by hand.' : `All ${steps.length} steps were done by hand.`,
          }
        : { outcome: 'waits' as const, task: `Step ${ticked + 1} of ${steps.length}: ${next}` },
    )
  },
  // Nothing is done but by people, and what they ticked off is known.
  recover: () => Promise.resolve({ outcome: 'resume' as const }),
})
