import { mkdtempSync, writeFileSync } from 'node:fs'
import { test, expect } from 'vitest'
import { startWeekend } from './world.ts'
import { live } from './story.ts'
test('x', { timeout: 590000 }, async () => {
  await using w = await startWeekend('2026-10-23T17:30+02:00', mkdtempSync('/tmp/wk-'))
  const out: string[] = []
  try {
    const seen = await live(w)
    for (const [k, v] of Object.entries(seen.texts)) out.push(`##### ${k}\n${v}`)
  } finally {
    for (const c of await w.bot.channels()) {
      out.push(`\n######## #${c.name} ${c.topic}`)
      for (const x of await w.bot.messages(c.id))
        out.push(
          `--- ${new Date(Number(x.ts) * 1000).toISOString()} ${w.bot.workspace.people.find((p) => p.id === x.user)?.name ?? 'BOT'} ${x.ephemeralTo ? 'only ' + w.bot.workspace.people.find((p) => p.id === x.ephemeralTo)?.name : ''}${x.thread_ts ? ' thread' : ''}\n${x.shown}`,
        )
    }
    for (const id of ['INC-1', 'INC-2'])
      for (const e of (await w.bot.load(id))?.events ?? [])
        out.push(
          `${id} ${e.seq} ${e.at} ${e.occurredAt === e.at ? '' : e.occurredAt} ${(e.by as any).name ?? e.by.kind} ${JSON.stringify(e.event).slice(0, 160)}`,
        )
    for (const t of ['incidents', 'timeline_entries', 'incident_times', 'incident_metrics', 'postmortems'])
      out.push(
        '#### ' +
          t +
          '\n' +
          (await w.bot.world.supabase!.query(`select * from public.${t}`))
            .map((r) => (t === 'postmortems' ? (r as any).markdown : JSON.stringify(r)))
            .join('\n'),
      )
    writeFileSync('/tmp/w/story-out.txt', out.join('\n'))
    writeFileSync(
      '/tmp/w/story-log.txt',
      w.bot.lines
        .filter((l) => l.level !== 'debug' && l.level !== 'info')
        .map((l) => JSON.stringify(l))
        .join('\n'),
    )
  }
  expect(1).toBe(1)
})
