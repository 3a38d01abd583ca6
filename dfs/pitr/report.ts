/** What a recovery tells the operator, line by line. */
import { countText } from '../../runtime/print/counts.ts'
import type { NodeManifest } from '../node-backup/manifest.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { Analysis } from './analysis.ts'
import type { RecoveryPlan } from './plan.ts'
import type { Replayed } from './replay.ts'
import type { LocatedSegment } from './segments.ts'
import { formatTime, type RecoveryTarget } from './target.ts'

export class RecoveryReport {
  readonly lines: string[] = []
  readonly #hear: (line: string) => void

  /** `hear`: as soon as a line is known. */
  constructor(hear: (line: string) => void) {
    this.#hear = hear
  }

  say(line: string): void {
    this.lines.push(line)
    this.#hear(line)
  }

  begin(target: RecoveryTarget, what: string): void {
    this.say(`Starting Point-in-Time Recovery${what}`)
    if (target.kind === 'time') this.say(`Target time: ${formatTime(target.ms)}`)
    else if (target.kind === 'lsn') this.say(`Target LSN: ${formatLsn(target.lsn)}`)
    else this.say('Target: latest')
  }

  base({ id, lsn, startedAt }: NodeManifest): void {
    this.say(`Base backup: ${id} of ${startedAt}`)
    this.say(`Base backup LSN: ${formatLsn(lsn)}`)
  }

  baseRestored(chunks: number): void {
    this.say(`Phase 1: Restoring base backup... done (${countText(chunks)} chunks)`)
  }

  replaying({ pieces }: Analysis): void {
    this.say(
      pieces.length === 0
        ? 'Phase 2: Replaying WAL segments... none to replay (target reached)'
        : 'Phase 2: Replaying WAL segments...',
    )
  }

  replayed(name: string, isLast: boolean): void {
    this.say(`Replaying segment ${name}... done${isLast ? ' (target reached)' : ''}`)
  }
}

/** What a plan says once everything is decided. */
export function planLines({ analysis, replayed }: RecoveryPlan, segments: readonly LocatedSegment[]): string[] {
  const { pieces, recoveredTo, open } = analysis
  const names = pieces.map((p) => p.name)
  const which = names.length < 2 ? names[0] : `${names[0]} to ${names.at(-1)}`
  const ofBackup = segments.filter((s) => s.place.kind === 'set')
  const bytes = segments.reduce((sum, s) => sum + s.bytes, 0)
  return [
    names.length === 0
      ? 'No WAL segment is to be replayed'
      : `WAL segments to be replayed: ${countText(names.length)} (${which})`,
    `Data segments to be copied: ${countText(segments.length)}, ${countText(bytes)} bytes; ${countText(ofBackup.length)} of them from backups, ${countText(segments.length - ofBackup.length)} from the archive`,
    `Would recover to: ${formatTime(recoveredTo.timeMs)} (LSN: ${formatLsn(recoveredTo.lsn)})`,
    `Transactions that would be recovered: ${countText(replayed.transactions)}, rolled back: ${countText(open)}`,
  ]
}

/** The lines of the end. */
export const completionLines = ({ recoveredTo, open }: Analysis, { transactions }: Replayed): string[] => [
  'Phase 3: Recovery complete',
  `Recovered to: ${formatTime(recoveredTo.timeMs)} (LSN: ${formatLsn(recoveredTo.lsn)})`,
  `Transactions recovered: ${countText(transactions)}`,
  `Transactions rolled back: ${countText(open)} (in progress at the recovery point)`,
]
