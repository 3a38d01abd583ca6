/** A thread that works on files for the housekeeping of the store: segments, or the archive of the log. One task at a time, so that it takes at most one core. */
import { parentPort, workerData } from 'node:worker_threads'
// The concrete files, not the room's entrance: this thread needs no functions and no session.
import { runTask } from '../dfs/maintenance/task.ts'
import { LocalFileStore } from '../dfs/store/local-store.ts'
import { toHoldfastError } from '../runtime/errors.ts'
import { bindInterrupt, checkInterrupt } from '../runtime/interrupt.ts'
import type { MaintenanceAnswer, MaintenanceQuestion, MaintenanceThreadData } from './maintenance.ts'
import { encodeError } from './messages.ts'

const { dataDir, interrupt } = workerData as MaintenanceThreadData
const files = new LocalFileStore(dataDir)
bindInterrupt(interrupt)

parentPort!.on('message', async ({ id, task }: MaintenanceQuestion) => {
  let answer: MaintenanceAnswer
  try {
    answer = { id, ok: true, result: await runTask(files, task, checkInterrupt) }
  } catch (thrown) {
    answer = { id, ok: false, error: encodeError(toHoldfastError(thrown)) }
  }
  parentPort!.postMessage(answer)
})
