/** `holdfast check`: prints what a check finds, and the totals. Exit code 0: nothing is wrong. */
import {
  type CheckTotals,
  checkDirectory,
  type Finding,
  formatFinding,
  noTotals,
  openForInspection,
} from '../dfs/inspect/index.ts'
import { countText } from '../runtime/print/counts.ts'
import { refusedInUse } from './inspected-directory.ts'
import { EndSignals } from './signals.ts'
import { CommandOutput } from './stdout.ts'

export async function checkCommand(dataDir: string, isDeep: boolean, json: boolean): Promise<number> {
  const directory = refusedInUse(
    () => openForInspection(dataDir),
    'call checkStore() there, which checks a store that is in use',
  )
  const signals = new EndSignals()
  signals.install()
  const totals = noTotals()
  const verdict = (): number => (totals.errors === 0 ? 0 : 1)
  const out = new CommandOutput(verdict)
  const findings: Finding[] = []
  try {
    for (const finding of checkDirectory(directory, isDeep, totals)) {
      if (finding !== undefined) {
        totals[finding.severity === 'error' ? 'errors' : 'notes']++
        if (json) findings.push(finding)
        else out.line(formatFinding(finding))
        if (out.isFull) await out.flush()
      }
      // Lets a signal through: the directory is left as it was found.
      if (isDue()) await new Promise((resolve) => setImmediate(resolve))
      if (signals.exitCode !== undefined) return signals.exitCode
    }
  } finally {
    await directory.close()
  }
  const passed = totals.errors === 0
  if (json) out.line(JSON.stringify({ passed, deep: isDeep, totals, findings }, undefined, 2))
  else for (const line of totalLines(totals, isDeep)) out.line(line)
  await out.flush()
  return verdict()
}

const count = (n: number, one: string): string => `${countText(n)} ${one}${n === 1 ? '' : 's'}`

function totalLines(t: CheckTotals, isDeep: boolean): string[] {
  return [
    `Catalog: ${count(t.databases, 'database')}, ${count(t.tables, 'table')}, ${count(t.chunks, 'chunk')}, ${count(t.rows, 'row')}`,
    `Files:   ${count(t.segments, 'segment')}, ${count(t.segmentBytes, 'byte')}${isDeep ? ', every byte read' : ', names and sizes (--deep reads every byte)'}`,
    `Log:     ${count(t.logRecords, 'record')} in ${count(t.transactions, 'transaction')} since the last checkpoint, ${count(t.deltaRows, 'row')} in the log only`,
    `Check ${t.errors === 0 ? 'PASSED' : 'FAILED'}: ${count(t.errors, 'error')}, ${count(t.notes, 'note')}`,
  ]
}

let lookedMs = 0
/** Whether the event loop has had no turn for a while. */
function isDue(): boolean {
  const now = performance.now()
  if (now - lookedMs < 50) return false
  lookedMs = now
  return true
}
