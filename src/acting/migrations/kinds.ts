/** What a migration's statements do, as PostgreSQL's own parser reads them: what is not known to be harmless is not run unasked. */
import { nodes, type Statement } from '../postgres/parse.ts'
import { unknownFunctions } from './functions.ts'
import { restricts } from './restriction.ts'

export type Judged = {
  /** In the words of SQL: `drop column`. A product allows it by these. */
  readonly label: string
  /** `outside`: it cannot be part of a transaction, or ends ours. */
  readonly how: 'harmless' | 'destructive' | 'unknown' | 'outside'
}

const harmless: Readonly<Record<string, string>> = {
  CreateStmt: 'create table',
  CreateTableAsStmt: 'create table as',
  IndexStmt: 'create index',
  ViewStmt: 'create view',
  CreateFunctionStmt: 'create function',
  CreateTrigStmt: 'create trigger',
  CreateEnumStmt: 'create type',
  AlterEnumStmt: 'alter type add value',
  CompositeTypeStmt: 'create type',
  CreateDomainStmt: 'create domain',
  CreateSchemaStmt: 'create schema',
  CreateSeqStmt: 'create sequence',
  CreateExtensionStmt: 'create extension',
  CommentStmt: 'comment',
}

/** Settings that change neither who asks nor what is enforced. */
const harmlessSettings = [
  'search_path',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'timezone',
  'client_encoding',
  'client_min_messages',
  'standard_conforming_strings',
  'check_function_bodies',
  'xmloption',
  'default_tablespace',
  'default_table_access_method',
]

/** Run the functions that stand in them, at once. */
const calling = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CreateTableAsStmt', 'AlterTableStmt', 'IndexStmt']

const outside: Readonly<Record<string, string>> = {
  TransactionStmt: 'transaction control',
  VacuumStmt: 'vacuum',
  ReindexStmt: 'reindex',
  ClusterStmt: 'cluster',
  CreatedbStmt: 'create database',
  DropdbStmt: 'drop database',
  AlterSystemStmt: 'alter system',
  CreateTableSpaceStmt: 'create tablespace',
  DropTableSpaceStmt: 'drop tablespace',
  CreateSubscriptionStmt: 'create subscription',
}

/** Of `alter table`. */
const harmlessParts = [
  'AddColumn',
  'AddConstraint',
  'AddIndex',
  'AddIdentity',
  'SetIdentity',
  'ColumnDefault',
  'SetNotNull',
  'DropNotNull',
  'SetStatistics',
  'SetStorage',
  'ValidateConstraint',
  'EnableRowSecurity',
  'ForceRowSecurity',
  'EnableTrig',
  'AttachPartition',
  'ReplicaIdentity',
]
const destructiveParts: Readonly<Record<string, string>> = {
  DropColumn: 'drop column',
  AlterColumnType: 'alter column type',
  DropConstraint: 'drop constraint',
  DropIdentity: 'drop identity',
  DropExpression: 'drop expression',
  DisableRowSecurity: 'disable row level security',
  NoForceRowSecurity: 'no force row level security',
  DisableTrig: 'disable trigger',
  DisableTrigAll: 'disable trigger',
  DisableTrigUser: 'disable trigger',
  DetachPartition: 'detach partition',
  SetLogged: 'set logged',
  SetUnLogged: 'set unlogged',
}

/** `AT_AddColumn`, `OBJECT_ROW_SECURITY`, `AlterPublicationStmt` in words. */
const words = (name: string): string =>
  name
    .replace(/^(AT|OBJECT)_/, '')
    .replace(/Stmt$/, '')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

const alteration = (subtype: string): Judged => {
  const part = subtype.replace(/^AT_/, '')
  const bad = Object.hasOwn(destructiveParts, part) ? destructiveParts[part] : undefined
  if (bad !== undefined) return { label: bad, how: 'destructive' }
  return { label: `alter table ${words(subtype)}`, how: harmlessParts.includes(part) ? 'harmless' : 'unknown' }
}

type Node = Readonly<Record<string, unknown>>
const object = (value: unknown): Node => (typeof value === 'object' && value !== null ? { ...value } : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const isTrue = (value: unknown): boolean => object(object(value)['Boolean'])['boolval'] === true

/** A table as it is written: `public.letters`. */
const tableOf = (relation: unknown): string => {
  const { schemaname, relname } = object(relation)
  return `${text(schemaname)}.${text(relname)}`
}

/** What a file itself has made so far: nothing is lost, and nobody is let in, by what it does with that. */
type Made = { readonly tables: Set<string>; readonly columns: Set<string> }

const note = ({ tables, columns }: Made, { kind, tree }: Statement): void => {
  const table = tableOf(tree['relation'])
  if (kind === 'CreateStmt' && tree['if_not_exists'] !== true) tables.add(table)
  if (kind !== 'AlterTableStmt') return
  for (const item of list(tree['cmds'])) {
    const { subtype, missing_ok: mayBeThere, def } = object(object(item)['AlterTableCmd'])
    // It holds the other’s rows then.
    if (subtype === 'AT_AttachPartition') tables.delete(table)
    if (subtype === 'AT_AddColumn' && mayBeThere !== true) columns.add(`${table}.${text(object(object(def)['ColumnDef'])['colname'])}`)
  }
}

/** Of rows that are there. A column that the file has added is filled by it: that is how it expands. */
const judgeUpdate = (node: Node, { tables, columns }: Made): Judged => {
  const table = tableOf(node['relation'])
  const set = list(node['targetList']).map((item) => `${table}.${text(object(object(item)['ResTarget'])['name'])}`)
  if (tables.has(table) || set.every((column) => columns.has(column))) return { label: 'update', how: 'harmless' }
  return restricts(node['whereClause']) ? { label: 'update', how: 'unknown' } : { label: 'update without where', how: 'destructive' }
}

/** A restrictive one only takes away, and one of a table that the file has made lets nobody in to what was there. */
const judgePolicy = (node: Node, { tables }: Made): Judged => ({
  label: 'create policy',
  how: node['permissive'] !== true || tables.has(tableOf(node['table'])) ? 'harmless' : 'unknown',
})

const judgeSetting = ({ kind, name }: Node): Judged => {
  const setting = text(name)
  return harmlessSettings.includes(setting.toLowerCase())
    ? { label: 'set', how: 'harmless' }
    : { label: kind === 'VAR_RESET_ALL' ? 'reset all' : `set ${words(setting)}`, how: 'unknown' }
}

/** The statement itself. */
const judgeTop = ({ kind, tree }: Statement, made: Made): readonly Judged[] => {
  if (Object.hasOwn(outside, kind)) return [{ label: outside[kind] ?? kind, how: 'outside' }]
  if (tree['concurrent'] === true) return [{ label: `${words(kind)} concurrently`, how: 'outside' }]
  switch (kind) {
    case 'DropStmt':
      return [{ label: `drop ${words(text(tree['removeType']))}`, how: 'destructive' }]
    case 'TruncateStmt':
      return [{ label: 'truncate', how: 'destructive' }]
    case 'RenameStmt':
      return [{ label: `rename ${words(text(tree['renameType']))}`, how: 'destructive' }]
    case 'AlterTableStmt':
      return [...nodes(tree['cmds'])].flatMap(([name, node]) => (name === 'AlterTableCmd' ? [alteration(text(node['subtype']))] : []))
    case 'CreatePolicyStmt':
      return [judgePolicy(tree, made)]
    case 'CreateFunctionStmt':
      // Whoever may call it does what its owner may.
      return [...nodes(tree['options'])].some(([name, { defname, arg }]) => name === 'DefElem' && defname === 'security' && isTrue(arg))
        ? [{ label: 'security definer', how: 'unknown' }]
        : [{ label: 'create function', how: 'harmless' }]
    case 'VariableSetStmt':
      return [judgeSetting(tree)]
    case 'DoStmt':
      return [{ label: 'do block', how: 'unknown' }]
    case 'SelectStmt':
      // What is called may do anything.
      return unknownFunctions(tree).length > 0 || [...nodes(tree)].some(([name]) => name === 'intoClause')
        ? [{ label: 'select with a function', how: 'unknown' }]
        : [{ label: 'select', how: 'harmless' }]
    case 'InsertStmt':
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'GrantStmt':
    case 'GrantRoleStmt':
      return []
    default:
      return Object.hasOwn(harmless, kind) ? [{ label: harmless[kind] ?? kind, how: 'harmless' }] : [{ label: words(kind), how: 'unknown' }]
  }
}

/** What it does wherever it stands in it: a DELETE in a WITH deletes all the same. */
const judgeWithin = ({ kind, tree }: Statement, made: Made): readonly Judged[] =>
  [[kind, tree] as const, ...nodes(tree)].flatMap(([name, node], index): Judged[] => {
    switch (name) {
      case 'InsertStmt': {
        const overwrites = object(node['onConflictClause'])['action'] === 'ONCONFLICT_UPDATE' && !made.tables.has(tableOf(node['relation']))
        return [overwrites ? { label: 'on conflict do update', how: 'unknown' } : { label: 'insert', how: 'harmless' }]
      }
      case 'UpdateStmt':
        return [judgeUpdate(node, made)]
      case 'DeleteStmt':
        return [{ label: restricts(node['whereClause']) ? 'delete' : 'delete without where', how: 'destructive' }]
      case 'MergeStmt':
        return index > 0 ? [{ label: 'merge', how: 'unknown' }] : []
      case 'GrantStmt':
      case 'GrantRoleStmt':
        // Whom it lets in to what is not told by the words.
        return [node['is_grant'] === true ? { label: 'grant', how: 'unknown' } : { label: 'revoke', how: 'destructive' }]
      default:
        return []
    }
  })

const judgeCalls = ({ kind, tree }: Statement): readonly Judged[] =>
  calling.includes(kind) || (kind === 'SelectStmt' && [...nodes(tree)].some(([name]) => calling.includes(name)))
    ? unknownFunctions(tree).map((called) => ({ label: `function ${called}`, how: 'unknown' }))
    : []

/** Everything that the statements of one file do, in their order. */
export const judge = (statements: readonly Statement[]): readonly Judged[] => {
  const made: Made = { tables: new Set(), columns: new Set() }
  // The same name is another table then.
  const isTold = statements.every(({ kind, tree }) => kind !== 'VariableSetStmt' || text(tree['name']).toLowerCase() !== 'search_path')
  return statements.flatMap((statement) => {
    const judged = [...judgeTop(statement, made), ...judgeWithin(statement, made), ...judgeCalls(statement)]
    if (isTold) note(made, statement)
    return judged
  })
}
