/** `holdfast verify-backup`: reads every byte of a node backup. Exit code 0: all is as it was written. */
import { resolve } from 'node:path'
import { type VerifyReport, verifyBackupFolder } from '../dfs/node-backup/index.ts'
import { formatLsn } from '../dfs/wal/lsn.ts'
import type { Invocation } from './arguments.ts'
import { lineProgress } from './line-progress.ts'
import { CommandOutput } from './stdout.ts'

/** So many damaged files are listed for people; `--json` has all. */
const LISTED_MAX = 20

export async function verifyBackupCommand(invocation: Extract<Invocation, { kind: 'verifyBackup' }>): Promise<number> {
  const { dir, backup, key, json } = invocation
  const report = verifyBackupFolder({ folder: resolve(dir), id: backup, keyFile: key }, lineProgress())
  const verdict = report.failures.length === 0 ? 0 : 1
  const out = new CommandOutput(() => verdict)
  if (json) out.line(JSON.stringify(plain(report), undefined, 2))
  else for (const line of reportLines(report)) out.line(line)
  await out.flush()
  return verdict
}

const backupTime = ({ manifest }: VerifyReport): string | undefined => manifest?.startedAt.replace(/\.[0-9]+Z$/, 'Z')

function plain(report: VerifyReport): unknown {
  const { manifest, segments, segmentsVerified, logPieces, logPiecesVerified, failures } = report
  return {
    passed: failures.length === 0,
    backupId: manifest?.id,
    backupTime: backupTime(report),
    lsn: manifest && formatLsn(manifest.lsn),
    dataSegments: segments,
    dataSegmentsVerified: segmentsVerified,
    walSegments: logPieces,
    walSegmentsVerified: logPiecesVerified,
    failures,
  }
}

function reportLines(report: VerifyReport): string[] {
  const { manifest, segments, segmentsVerified, logPieces, logPiecesVerified, failures } = report
  const verified = (all: number, sound: number): string =>
    all === sound ? `${all} (verified)` : `${all} (${sound} verified)`
  const lines = [
    `Backup verification: ${failures.length === 0 ? 'PASSED' : 'FAILED'}`,
    `Backup time: ${backupTime(report) ?? 'unknown'}`,
    `LSN: ${manifest === undefined ? 'unknown' : formatLsn(manifest.lsn)}`,
    `Data segments: ${manifest === undefined ? 'unknown' : verified(segments, segmentsVerified)}`,
    `WAL segments: ${manifest === undefined ? 'unknown' : verified(logPieces, logPiecesVerified)}`,
    `Checksum: ${failures.length === 0 ? 'OK' : `FAILED for ${failures.length} file${failures.length === 1 ? '' : 's'}`}`,
  ]
  for (const { file, problem } of failures.slice(0, LISTED_MAX)) lines.push(`  ${file}: ${problem}`)
  if (failures.length > LISTED_MAX) lines.push(`  ... and ${failures.length - LISTED_MAX} more (--json lists all)`)
  return lines
}
