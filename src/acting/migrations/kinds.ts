/** What a migration's statements do, as PostgreSQL's own parser reads them: what is not known to be harmless is not run unasked. */
import { nodes, type Statement } from '../postgres/parse.ts'

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
  CreatePolicyStmt: 'create policy',
  AlterPolicyStmt: 'alter policy',
  CreateEnumStmt: 'create type',
  AlterEnumStmt: 'alter type add value',
  CompositeTypeStmt: 'create type',
  CreateDomainStmt: 'create domain',
  CreateSchemaStmt: 'create schema',
  CreateSeqStmt: 'create sequence',
  CreateExtensionStmt: 'create extension',
  CommentStmt: 'comment',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  VariableSetStmt: 'set',
}

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

/** The statement itself. */
const judgeTop = ({ kind, tree }: Statement): readonly Judged[] => {
  if (Object.hasOwn(outside, kind)) return [{ label: outside[kind] ?? kind, how: 'outside' }]
  if (tree['concurrent'] === true) return [{ label: `${words(kind)} concurrently`, how: 'outside' }]
  switch (kind) {
    case 'DropStmt':
      return [{ label: `drop ${words(text(tree['removeType']))}`, how: 'destructive' }]
    case 'TruncateStmt':
      return [{ label: 'truncate', how: 'destructive' }]
    case 'RenameStmt':
      return [{ label: `rename ${words(text(tree['renameType']))}`, how: 'destructive' }]
    case 'GrantStmt':
    case 'GrantRoleStmt':
      return [tree['is_grant'] === true ? { label: 'grant', how: 'harmless' } : { label: 'revoke', how: 'destructive' }]
    case 'AlterTableStmt': {
      const parts = Array.isArray(tree['cmds']) ? tree['cmds'] : []
      return [...nodes(parts)].flatMap(([name, node]) => (name === 'AlterTableCmd' ? [alteration(text(node['subtype']))] : []))
    }
    case 'DoStmt':
      return [{ label: 'do block', how: 'unknown' }]
    case 'SelectStmt':
      // What is called may do anything.
      return [...nodes(tree)].some(([name]) => name === 'FuncCall' || name === 'intoClause')
        ? [{ label: 'select with a function', how: 'unknown' }]
        : [{ label: 'select', how: 'harmless' }]
    default:
      return Object.hasOwn(harmless, kind) ? [{ label: harmless[kind] ?? kind, how: 'harmless' }] : [{ label: words(kind), how: 'unknown' }]
  }
}

/** What is within it as well: a DELETE in a WITH deletes all the same. */
const judgeWithin = ({ kind, tree }: Statement): readonly Judged[] =>
  [[kind, tree] as const, ...nodes(tree)].flatMap(([name, node], index): Judged[] => {
    if ((name === 'DeleteStmt' || name === 'UpdateStmt') && node['whereClause'] === undefined)
      return [{ label: `${words(name)} without where`, how: 'destructive' }]
    return name === 'MergeStmt' && index > 0 ? [{ label: 'merge', how: 'unknown' }] : []
  })

/** Everything that a statement does. */
export const judge = (statement: Statement): readonly Judged[] => [...judgeTop(statement), ...judgeWithin(statement)]
