/**
 * A loss of power may take the last records from a log (at level 2) after a backup has copied them. The store goes on without them, and writes others in their place. Then the
 * archive has the true history. A backup that was taken of lost commits is of a state that no log leads on from.
 */

import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { NodeManifest } from '../node-backup/manifest.ts'
import type { FileReader } from '../store/file-store.ts'
import { HEADER_BYTES } from '../wal/file-header.ts'
import { formatLsn } from '../wal/lsn.ts'
import { type ChainPiece, readRecords } from './chain-piece.ts'
import { commitIdOf } from './log-record.ts'

const BUFFER_BYTES = 1 << 16

/** The LSN from which on the records of two copies of a piece differ, as far as both go. */
export function divergenceOf(own: ChainPiece, archived: ChainPiece): number | undefined {
  const a = own.files.openRead(own.path)
  try {
    const b = archived.files.openRead(archived.path)
    try {
      const offset = firstDifference(a, b, HEADER_BYTES, Math.min(own.bytes, archived.bytes))
      return offset === undefined ? undefined : own.firstLsn + offset - HEADER_BYTES
    } finally {
      b.close()
    }
  } finally {
    a.close()
  }
}

function firstDifference(a: FileReader, b: FileReader, from: number, to: number): number | undefined {
  const [x, y] = [Buffer.alloc(BUFFER_BYTES), Buffer.alloc(BUFFER_BYTES)]
  for (let at = from; at < to; ) {
    checkInterrupt()
    const length = Math.min(BUFFER_BYTES, to - at)
    const read = Math.min(a.read(x.subarray(0, length), at), b.read(y.subarray(0, length), at))
    if (read === 0) return at
    if (x.compare(y, 0, read, 0, read) !== 0) {
      let k = 0
      while (x[k] === y[k]) k++
      return at + k
    }
    at += read
  }
  return undefined
}

/** Throws `backupDiverged` if the backup has commits that stand in its copy of a piece behind the LSN, where history went another way. */
export function requireAncestor(base: NodeManifest, own: ChainPiece, divergence: number): void {
  let end = base.lsn
  readRecords(
    own,
    base.lsn,
    (record) => {
      if (record.kind === 'TSCOMMIT' && commitIdOf(record) <= base.cid) end = record.endLsn
      return true
    },
    (_, lsn, problem) =>
      new HoldfastError(
        'data',
        `The piece of log ${own.name} of the backup is damaged at LSN ${formatLsn(lsn)}: ${problem}.`,
        { code: 'recoveryDamaged', where: { file: own.path } },
      ),
  )
  if (divergence >= end) return
  throw new HoldfastError(
    'data',
    `The backup ${base.id} has transactions that the store lost afterwards, when the power failed: the log went another way from LSN ${formatLsn(divergence)} on.`,
    {
      code: 'backupDiverged',
      where: { file: own.name, lsn: formatLsn(divergence) },
      hint: 'begin with an older or a newer backup: --backup-id; the backup itself can be restored with holdfast restore',
    },
  )
}
