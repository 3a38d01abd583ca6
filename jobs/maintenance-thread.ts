/** The thread that writes segments for the housekeeping of the store: one task at a time, so that it takes at most one core. */
import { parentPort, workerData } from 'node:worker_threads'
// The concrete files, not the room's entrance: this thread needs no functions and no session.
import { runTask } from '../dfs/maintenance/task.ts'
import { LocalFileStore } from '../dfs/store/local-store.ts'
import { toHoldfastError } from '../runtime/errors.ts'
import type { MaintenanceAnswer, MaintenanceQuestion } from './maintenance.ts'
import { encodeError } from './messages.ts'

const files = new LocalFileStore((workerData as { readonly dataDir: string }).dataDir)

parentPort!.on('message', ({ id, task }: MaintenanceQuestion) => {
  let answer: MaintenanceAnswer
  try {
    answer = { id, ok: true, result: runTask(files, task) }
  } catch (thrown) {
    answer = { id, ok: false, error: encodeError(toHoldfastError(thrown)) }
  }
  parentPort!.postMessage(answer)
})
