/**
 * Evidence of drills, in the set: `drills/<id>.json`, a file each. It is written when the drill begins and replaced when it ends, so that a drill that died is seen too.
 *
 * JSON for people; the last property is `digest`, XXH64 of all bytes before its line, as in `backup_manifest.json`. `<id>` is that of a state: when the drill
 * began, and six random digits.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { decodeDigested, encodeDigested } from '../node-backup/digested-json.ts'
import { asArray, asCount, asObject, asOneOf, asText, damagedMetadata, inside, type Place } from '../set/checked.ts'
import { isStateId } from '../set/layout.ts'
import type { LockWorld } from '../set/lock.ts'
import type { FileStore } from '../store/file-store.ts'
import { replaceFile } from '../store/replace-file.ts'

const DRILLS_FOLDER = 'drills'
const FORMAT = 'holdfast-drill'
const FORMAT_MAJOR = 1
const FORMAT_MINOR = 0

export type DrillResult = 'running' | 'passed' | 'failed'
const RESULTS: readonly DrillResult[] = ['running', 'passed', 'failed']

/** What a drill found of one table. */
export interface DrilledTable {
  readonly db: string
  readonly table: string
  readonly partitions: number
  readonly rows: number
  readonly bytes: number
  /** Empty, or what is remarkable: why it was not restored, how it differs. */
  readonly detail: string
}

export interface Drill {
  readonly id: string
  readonly kind: 'databases' | 'node'
  readonly result: DrillResult
  readonly error: string
  readonly state: string
  /** When the state was taken. */
  readonly stateTakenAt: string
  /** Of databases: the one that was asked for, or empty for all. */
  readonly db: string
  readonly startedAt: string
  readonly endedAt: string
  readonly product: string
  readonly user: string
  /** The machine, and the process on it. */
  readonly host: string
  readonly pid: number
  readonly processStartMs: number
  /** Where it restored to. */
  readonly scratch: string
  readonly isKept: boolean
  readonly partitions: number
  /** More than `partitions` in a drill of a sample. */
  readonly partitionsTotal: number
  readonly rows: number
  readonly bytes: number
  /** Milliseconds: copying back, opening the restored store, reading and comparing all of it. */
  readonly restoreMs: number
  readonly openMs: number
  readonly compareMs: number
  readonly tables: readonly DrilledTable[]
}

const fileOf = (id: string): string => `${DRILLS_FOLDER}/${id}.json`

export function writeDrill(set: FileStore, drill: Drill): void {
  const content = encodeDigested({ format: FORMAT, formatVersion: `${FORMAT_MAJOR}.${FORMAT_MINOR}`, ...drill })
  replaceFile(set, fileOf(drill.id), content)
}

export interface KnownDrill {
  readonly id: string
  readonly drill: Drill | undefined
  /** Why it cannot be read. */
  readonly damage: HoldfastError | undefined
}

/** The drills of a set, oldest first. */
export function listDrills(set: FileStore): KnownDrill[] {
  return set.list(DRILLS_FOLDER).flatMap(({ name, kind }): KnownDrill[] => {
    const id = name.replace(/\.json$/, '')
    if (kind !== 'file' || id === name || !isStateId(id)) return []
    try {
      return [{ id, drill: decodeDrill(set.readFile(fileOf(id)), fileOf(id), id), damage: undefined }]
    } catch (error) {
      if (!(error instanceof HoldfastError) || (error.kind !== 'data' && error.kind !== 'io')) throw error
      return [{ id, drill: undefined, damage: error }]
    }
  })
}

/** Whether a drill that says that it is running can not be: its process is gone from this machine. Of other machines nobody knows. */
export function isAbandoned(drill: Drill, world: LockWorld): boolean {
  if (drill.result !== 'running' || drill.host !== world.host) return false
  if (drill.pid === world.pid) return Math.abs(drill.processStartMs - world.processStartMs) > CLOCK_SLACK_MS
  return !world.processExists(drill.pid)
}

/** The start of a process is computed from the clock, which may be set while it runs. */
const CLOCK_SLACK_MS = 5_000

function decodeDrill(bytes: Uint8Array, file: string, id: string): Drill {
  const place: Place = { file, field: '' }
  const o = asObject(decodeDigested(bytes, file), place)
  const text = (field: string): string => asText(o[field], inside(place, field), 1 << 20)
  const count = (field: string): number => asCount(o[field], inside(place, field))
  if (o.format !== FORMAT) throw damagedMetadata(file, 'it does not describe a drill')
  const [major, minor] = text('formatVersion').split('.').map(Number)
  if (major !== FORMAT_MAJOR || !(minor <= FORMAT_MINOR))
    throw damagedMetadata(file, `it has format ${text('formatVersion')}, which this release does not know`)
  const tables = inside(place, 'tables')
  if (text('id') !== id) throw damagedMetadata(file, `it describes the drill ${text('id')}`)
  return {
    id,
    kind: asOneOf(o.kind, ['databases', 'node'], inside(place, 'kind')),
    result: asOneOf(o.result, RESULTS, inside(place, 'result')),
    ...{ error: text('error'), state: text('state'), stateTakenAt: text('stateTakenAt'), db: text('db') },
    ...{ startedAt: text('startedAt'), endedAt: text('endedAt'), product: text('product'), user: text('user') },
    ...{ host: text('host'), pid: count('pid'), processStartMs: count('processStartMs'), scratch: text('scratch') },
    isKept: o.isKept === true,
    ...{ partitions: count('partitions'), partitionsTotal: count('partitionsTotal') },
    ...{ rows: count('rows'), bytes: count('bytes') },
    ...{ restoreMs: count('restoreMs'), openMs: count('openMs'), compareMs: count('compareMs') },
    tables: asArray(o.tables, tables).map((value): DrilledTable => {
      const t = asObject(value, tables)
      return {
        ...{ db: asText(t.db, tables), table: asText(t.table, tables), detail: asText(t.detail, tables, 1 << 16) },
        ...{ partitions: asCount(t.partitions, tables), rows: asCount(t.rows, tables) },
        bytes: asCount(t.bytes, tables),
      }
    }),
  }
}
