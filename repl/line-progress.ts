/** Progress of a command that does its work on the main thread, where nothing can be drawn meanwhile: a line on stderr every few seconds. */
import type { ProgressSink, ProgressState } from '../dfs/node-backup/index.ts'
import { progressText } from './progress.ts'

const FIRST_MS = 2000
const EVERY_MS = 5000

export function lineProgress(): ProgressSink {
  let nextMs = performance.now() + FIRST_MS
  return {
    report({ verb, subject, bytesDone, bytesTotal }: ProgressState, phase) {
      if (phase !== 'advance' || performance.now() < nextMs) return
      nextMs = performance.now() + EVERY_MS
      const label = `${verb} ${subject}`
      const message = { id: label, label, done: bytesDone, total: bytesTotal, unit: 'bytes', finished: false }
      process.stderr.write(`${progressText(message)}\n`)
    },
    note: (text) => process.stderr.write(`${text}\n`),
  }
}
