import { startPostgres } from '/work/main/test/postgres.ts'
import { startSurroundings, startProcess } from '/work/main/test/system/bots.ts'
import { startDatabaseProxy } from '/work/main/test/system/database-proxy.ts'
import { live, look } from '/work/main/test/system/story.ts'
import { writeFileSync } from 'node:fs'
import { Client } from 'pg'
const t0 = performance.now(); const at = (w: string) => console.log(Math.round(performance.now()-t0), w)
await using pg = await startPostgres()
at('pg')
const s = await startSurroundings(); at('world')
await pg.createDatabase('template_x')
let b = await startProcess(s.settings('t', pg.url('template_x'), 'x')).ready; at('first start')
await b.kill('SIGTERM'); at('stopped')
const one = async (n: number, how: any) => {
  const url = await pg.createDatabase('r'+n, 'template_x')
  const c = new Client(url); await c.connect(); await c.query('update tocsin.counter set value = $1', [n-1]); await c.end()
  const proxy = await startDatabaseProxy(url)
  const t = performance.now()
  const bot = await startProcess(s.settings('r'+n, process.env['NOPROXY'] ? url : proxy.url, 'announce-'+n)).ready; at('second start '+Math.round(performance.now()-t))
  const row = { surroundings: s, keeper: { bot: async () => bot }, database: url, number: n, announce: 'announce-'+n }
  try { await live(row, how); at('lived') } catch (e) { console.log(e, bot.log()) }
  const seen = await look(row); at('looked')
  console.log(bot.log())
  writeFileSync('/tmp/seen'+n+'.json', JSON.stringify(seen, null, 1))
  if (process.env['IDLE']) { const { execSync } = await import('node:child_process'); console.log(execSync('top -b -n 2 -d 5 | tail -25').toString()) }
  await bot.kill('SIGTERM'); at('term')
  await proxy.close()
}
await one(100, 'declared'); await one(200, 'declared'); await one(300, 'alerted')
writeFileSync('/tmp/calls.json', JSON.stringify(await s.ask('GET','/calls?since=0'),null,0).replaceAll('},{','},\n{'))
await s.close()
