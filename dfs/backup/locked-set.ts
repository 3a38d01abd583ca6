/** The lock of a set for the time of one run: one at a time changes it. */
import type { BackupContext } from '../set/context.ts'
import { type LockWorld, lockSetInTurn, type SetLock, thisWorld } from '../set/lock.ts'
import type { FileStore } from '../store/file-store.ts'

/** Waits for its turn, and runs the body while it holds the lock. `what`: what the run does, for others that want the set; `pin` is the pin of the run's view. */
export function underSetLock<R>(
  context: BackupContext,
  store: FileStore,
  what: string,
  pin: number,
  body: (lock: SetLock) => R,
): R {
  const note = (text: string): void => context.progress.note(text)
  // The lock of an encrypted set can be read by everybody.
  const shown = store.seal === undefined ? what : `run ${store.seal.pseudonym(what)}`
  const lock = lockSetInTurn(store, shown, note, lockWorldOf(context, pin))
  try {
    return body(lock)
  } finally {
    lock.release()
  }
}

/** The pin ends with the thread of the run, so another run of this process can tell by it that the lock's holder is gone. */
function lockWorldOf(context: BackupContext, pin: number): LockWorld {
  const { data, client, user, lockWorld = thisWorld() } = context
  const pins = () => client.request({ kind: 'status' }, user).status?.pins ?? []
  return {
    ...lockWorld,
    pin: { store: data.root, pin },
    isPinned: (other) => pins().some((p) => p.pin === other),
  }
}
