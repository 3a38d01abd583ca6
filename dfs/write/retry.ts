/** Trying again: what was overtaken by somebody else's commit at once, what is locked after a while. */
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import type { DfsSession } from '../session.ts'

const ATTEMPTS = 8

/** Repeats what fails because the table was altered, or its files merged, since it was looked at. `attempt` counts from 1. */
export function retryWhenStale<R>(body: (attempt: number) => R): R {
  for (let attempt = 1; ; attempt++) {
    checkInterrupt()
    try {
      return body(attempt)
    } catch (error) {
      const isStale =
        error instanceof HoldfastError &&
        error.kind === 'conflict' &&
        (error.code === 'chunkChanged' || error.code === 'schemaChanged')
      if (!isStale || attempt === ATTEMPTS) throw error
    }
  }
}

const PAUSE_FIRST_MS = 2
const PAUSE_MAX_MS = 500
/** A cancelled statement stops waiting within this. */
const SLICE_MS = 50

/** Under the atomic level CHUNK repeats what finds chunks locked, until it has its turn or the time is over; under TRANS it fails at once. */
export function whenUnlocked<R>(dfs: DfsSession, { atomic }: DatabaseRecord, body: () => R): R {
  const limit = dfs.config.chunkLockWaitMs
  const started = performance.now()
  for (let pause = PAUSE_FIRST_MS; ; pause = Math.min(2 * pause, PAUSE_MAX_MS)) {
    try {
      return body()
    } catch (error) {
      const isLocked = error instanceof HoldfastError && error.code === 'chunkLocked'
      if (!isLocked || atomic !== 'CHUNK') throw error
      if (performance.now() - started >= limit) throw gaveUp(error, limit)
    }
    sleep(pause)
  }
}

function gaveUp(error: HoldfastError, waitedMs: number): HoldfastError {
  const text = error.message.replace(/\s*RefId:.*$/, '')
  return new HoldfastError('conflict', `${text} It was tried for ${waitedMs / 1000} s; nothing was written.`, {
    code: 'chunkLocked',
    refId: error.refId,
    where: error.where,
    hint: 'repeat the statement later',
    cause: error,
  })
}

const clock = new Int32Array(new SharedArrayBuffer(4))

function sleep(ms: number): void {
  for (let rest = ms; rest > 0; rest -= SLICE_MS) {
    checkInterrupt()
    Atomics.wait(clock, 0, 0, Math.min(rest, SLICE_MS))
  }
}
