/** What a log record did, for `holdfast wal dump`: the object that it is about, and how much of it. */
import { unreachable } from '../../runtime/errors.ts'
import type { CatalogCommand } from '../engine/apply.ts'
import { checkpointOf, commitIdOf, entryOf, userOf } from '../engine/log-entry.ts'
import { formatValue, type SettingValue, settingNamed } from '../settings/index.ts'
import type { RecordDescription } from '../wal/dump.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { LogRecord } from '../wal/record.ts'

/** The database, and the table, that a record changes; undefined for users, settings, begins and ends. */
export interface RecordSubject {
  readonly db: string
  readonly table?: string
  /** Name of the table after it. */
  readonly renamedTo?: string
}

export interface DescribedRecord extends RecordDescription {
  readonly subject: RecordSubject | undefined
}

export function describeRecord(record: LogRecord): DescribedRecord {
  switch (record.kind) {
    case 'TSBEGIN': {
      const user = userOf(record)
      return { object: '', extent: user === '' ? '' : `by ${user}`, subject: undefined }
    }
    case 'TSCOMMIT':
      return { object: '', extent: `commit ${commitIdOf(record)}`, subject: undefined }
    case 'TSROLLBACK':
      return { object: '', extent: '', subject: undefined }
  }
  const checkpoint = checkpointOf(record)
  if (checkpoint !== undefined)
    return { object: '', extent: `complete, redo from ${formatLsn(checkpoint.redo)}`, subject: undefined }
  const { command } = entryOf(record)
  const subject = subjectOf(command)
  const [object, extent] = describeCommand(command)
  return { object, extent, subject }
}

function subjectOf(command: CatalogCommand): RecordSubject | undefined {
  switch (command.kind) {
    case 'createDatabase':
      return { db: command.database.url }
    case 'dropDatabase':
      return { db: command.url }
    case 'createTable':
      return { db: command.table.db, table: command.table.name }
    case 'renameTable':
      return { db: command.db, table: command.table, renamedTo: command.to }
    case 'extendSchemes':
    case 'setAtomic':
    case 'dropValues':
      return { db: command.db }
    default:
      return 'db' in command && 'table' in command ? { db: command.db, table: command.table as string } : undefined
  }
}

const counted = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`

const sumRows = (parts: readonly { readonly rows: number }[]): number => parts.reduce((n, p) => n + p.rows, 0)

/** Object and extent. */
function describeCommand(command: CatalogCommand): readonly [object: string, extent: string] {
  switch (command.kind) {
    case 'createDatabase':
      return [command.database.url, command.database.schemes.map((s) => s.kind).join(' x ')]
    case 'dropDatabase':
      return [command.url, '']
    case 'createTable':
      return [tableOf(command.table.db, command.table.name), counted(command.table.columns.length, 'column')]
    case 'dropTable':
      return [tableOf(command.db, command.table), '']
    case 'append':
      return [tableOf(command.db, command.table), rowsInChunks(command.chunks.map((c) => sumRows(c.segments)))]
    case 'insertRows':
      return [tableOf(command.db, command.table), rowsInChunks(command.chunks.map((c) => c.rows))]
    case 'rewrite':
      return [
        tableOf(command.db, command.table),
        rowsInChunks([...command.chunks.map((c) => sumRows(c.add)), ...command.append.map((c) => sumRows(c.segments))]),
      ]
    case 'alterTable':
      return [tableOf(command.db, command.table), counted(command.columns.length, 'column')]
    case 'flush':
      return [
        tableOf(command.db, command.table),
        `small appends to segments: ${rowsInChunks(command.chunks.map((c) => sumRows(c.add)))}`,
      ]
    case 'compact':
      return [
        tableOf(command.db, command.table),
        `${command.path}: ${counted(command.drop.length, 'segment')} merged into ${command.add.length}, ${counted(sumRows(command.add), 'row')}`,
      ]
    case 'dropChunks':
      return [
        tableOf(command.db, command.table),
        command.paths === undefined ? 'all chunks' : counted(command.paths.length, 'chunk'),
      ]
    case 'replaceChunks':
      return [
        tableOf(command.db, command.table),
        `${rowsInChunks(command.put.map((c) => c.rows))}${command.remove.length === 0 ? '' : `, ${counted(command.remove.length, 'chunk')} removed`}`,
      ]
    case 'dropValues':
      return [command.db, counted(command.paths.length, 'value')]
    case 'extendSchemes':
      return [command.db, '']
    case 'setAtomic':
      return [command.db, `atomic level ${command.atomic}`]
    case 'renameTable':
      return [tableOf(command.db, command.table), `to ${command.to}`]
    case 'createUser':
      return [`user ${command.user.name}`, '']
    case 'changeUser':
    case 'removeUser':
      return [`user ${command.name}`, '']
    case 'createGroup':
    case 'removeGroup':
      return [`group ${command.name}`, '']
    case 'changeMembers':
      return [`group ${command.groups.join(', ')}`, `+${command.add.length} -${command.remove.length} members`]
    case 'changeAccess':
      return [`rights of ${command.name}`, `${command.change} ${command.rights.join(', ')}`]
    case 'restoreAccess':
      return ['users and groups', 'restored']
    case 'putSetting':
      return [`setting ${command.name}`, settingText(command.name, command.value)]
    case 'removeSetting':
      return [`setting ${command.name}`, 'DEFAULT']
    case 'putObject':
      return [`${command.family} ${command.name}`, 'made']
    case 'removeObject':
      return [`${command.family} ${command.name}`, 'removed']
    case 'putRun':
      return [`run ${command.run.id}`, command.run.state]
    default:
      return unreachable(command)
  }
}

const tableOf = (db: string, table: string): string => `${db}/${table}`

const rowsInChunks = (rows: readonly number[]): string =>
  `${counted(
    rows.reduce((n, r) => n + r, 0),
    'row',
  )} in ${counted(rows.length, 'chunk')}`

/** As a person would write it; a setting of another release as it stands. */
function settingText(name: string, value: SettingValue): string {
  const definition = settingNamed(name)
  return definition === undefined ? String(value) : formatValue(definition, value)
}
