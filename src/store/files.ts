/** Files at messages that were kept: in the bot's own database, where no address leads to them. Who may read the incident gets them by
 *  the verb `files`. */
import type { FileRef } from '../incident/areas/messages.ts'
import type { Db, Trx } from './database.ts'

/** Keeps a file; one that is kept already stays as it is. */
export const saveFile = async (db: Db, incident: string, { id, name, type }: FileRef, content: Buffer): Promise<void> => {
  await db
    .insertInto('file')
    .values({ incident, id, name, type, bytes: content.length, content })
    .onConflict((conflict) => conflict.columns(['incident', 'id']).doNothing())
    .execute()
}

/** Gives one incident the files of another, too; not the lines of its checks, which belong to a run there. */
export const copyFiles = async (trx: Trx, from: string, to: string): Promise<void> => {
  await trx
    .insertInto('file')
    .columns(['incident', 'id', 'name', 'type', 'bytes', 'content'])
    .expression((of) =>
      of
        .selectFrom('file')
        .select((each) => [each.val(to).as('incident'), 'id', 'name', 'type', 'bytes', 'content'])
        .where('incident', '=', from)
        .where('id', 'not like', 'check:%'),
    )
    .onConflict((conflict) => conflict.columns(['incident', 'id']).doNothing())
    .execute()
}

/** The ids of the files of an incident that are here. */
export const storedFiles = async (db: Db, incident: string): Promise<ReadonlySet<string>> => {
  const rows = await db.selectFrom('file').select('id').where('incident', '=', incident).execute()
  return new Set(rows.map(({ id }) => id))
}

/** What is in a file; null when it is not here. */
export const fileContent = async (db: Db, incident: string, id: string): Promise<Buffer | null> => {
  const row = await db.selectFrom('file').select('content').where('incident', '=', incident).where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : Buffer.from(row.content)
}

/** The files of an incident with their content, in the order of their ids. */
export const filesOf = async (db: Db, incident: string): Promise<(FileRef & { readonly content: Buffer })[]> => {
  const rows = await db.selectFrom('file').selectAll().where('incident', '=', incident).orderBy('id').execute()
  return rows.map(({ id, name, type, bytes, content }) => ({ id, name, type, bytes, content: Buffer.from(content) }))
}
