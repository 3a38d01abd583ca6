/** What a check of a store finds, as plain data. */
import type { HoldfastError } from '../../runtime/errors.ts'

export interface Finding {
  /** error: something is lost, damaged or contradicts itself. note: worth knowing, and harmless. */
  readonly severity: 'error' | 'note'
  /** Stable short name: `segmentMissing`, `segmentDamaged`, `rowCount`, `walDamaged`, ... */
  readonly code: string
  readonly db?: string
  readonly table?: string
  readonly partition?: string
  readonly file?: string
  readonly offset?: number
  readonly message: string
}

export type Place = Pick<Finding, 'db' | 'table' | 'partition' | 'file' | 'offset'>

export const errorFinding = (code: string, message: string, place: Place = {}): Finding => ({
  severity: 'error',
  code,
  ...place,
  message,
})

export const noteFinding = (code: string, message: string, place: Place = {}): Finding => ({
  severity: 'note',
  code,
  ...place,
  message,
})

export interface CheckTotals {
  databases: number
  tables: number
  chunks: number
  /** Small appends counted. */
  rows: number
  segments: number
  segmentBytes: number
  /** Small appends that are in no segment yet. */
  deltaRows: number
  logRecords: number
  /** Transactions in the log, from the last checkpoint on. */
  transactions: number
  errors: number
  notes: number
}

export const noTotals = (): CheckTotals => ({
  databases: 0,
  tables: 0,
  chunks: 0,
  rows: 0,
  segments: 0,
  segmentBytes: 0,
  deltaRows: 0,
  logRecords: 0,
  transactions: 0,
  errors: 0,
  notes: 0,
})

/** A check says what it finds, and in between that it goes on (undefined), so that whoever runs it can stop it there. */
export type Checking<R = void> = Generator<Finding | undefined, R>

/** `ERROR dfs://db/pt /20240101/Key0 chunks/db/.../1.arrow, offset 64: its checksum is ...`, in one line. */
export function formatFinding({ severity, db, table, partition, file, offset, message }: Finding): string {
  const object = db === undefined ? undefined : table === undefined ? db : `${db}/${table}`
  const at = file === undefined ? undefined : offset === undefined ? file : `${file}, offset ${offset}`
  const place = [object, partition, at].filter((part) => part !== undefined).join(' ')
  return `${severity.toUpperCase()} ${place === '' ? '' : `${place}: `}${message}`.replace(/\p{C}/gu, '?')
}

/** A failure as a finding. What is not about the data (a bug, a cancelled check) goes on as it is. */
export function findingOf(error: HoldfastError, code: string, file: string): Finding {
  if (error.kind === 'cancelled') throw error
  const { where } = error
  return errorFinding(error.code === error.kind ? code : error.code, error.message, {
    file: typeof where?.file === 'string' ? where.file : file,
    ...(typeof where?.offset === 'number' ? { offset: where.offset } : {}),
  })
}
