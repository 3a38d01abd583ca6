/**
 * One backup at a time may write to a set. The lock is the folder `backup.lock` with `owner.json` in it: a folder made beside is renamed onto the name, which the file
 * system does for one caller only as long as the name stands for a folder that is not empty.
 *
 * A lock is stale when its process is gone (same machine, pid dead or taken by a younger process); when the run is of this process and its engine no longer holds the
 * run's pin, which ends with the run's thread; or when it gave no sign of life for STALE_MS: then the machine that held it is gone. The owner signs while it copies, and `assertHeld` just before it publishes, so that an owner that was
 * declared dead by mistake cannot publish over its successor.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { checksumOf } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { storeErrorOf } from '../store/store-error.ts'
import { LOCK_FOLDER } from './layout.ts'

const OWNER_FILE = `${LOCK_FOLDER}/owner.json`
const STALE_MS = 10 * 60_000
const SIGN_EVERY_MS = 10_000
/** A thread that was told to end may be in the middle of a call of the system. */
const ENDING_MS = 300
/** The start of a process is computed from the clock, which may be set while it runs. */
const CLOCK_SLACK_MS = 5_000

export interface LockOwner {
  readonly token: string
  readonly host: string
  readonly pid: number
  /** Start of the process: a pid alone may be somebody else's by now. */
  readonly processStartMs: number
  /** The run's pin. */
  readonly pin?: LockPin
  readonly what: string
  readonly since: string
}

/** A pin of the engine of a data directory. */
export interface LockPin {
  readonly store: string
  readonly pin: number
}

/** What the lock must know of the machine; a parameter so that tests can play other machines and other times. */
export interface LockWorld {
  readonly host: string
  readonly pid: number
  readonly processStartMs: number
  now(): number
  processExists(pid: number): boolean
  /** The pin of the run that takes the lock, and how to ask the engine whether another of its pins is held. */
  readonly pin?: LockPin
  readonly isPinned?: (pin: number) => boolean
}

export const thisWorld = (now: () => number = Date.now): LockWorld => ({
  host: hostname(),
  pid: process.pid,
  processStartMs: Math.round(Date.now() - process.uptime() * 1000),
  now,
  processExists(pid) {
    try {
      process.kill(pid, 0)
      return true
    } catch (error) {
      // EPERM: it exists but is another user's.
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
  },
})

export interface SetLock {
  /** Throws if the lock was lost to another run. Call before anything that the next run would not repair. */
  assertHeld(): void
  /** Shows that the owner lives; cheap, may be called often. */
  sign(): void
  release(): void
}

/** Takes the lock or throws a conflict that names its holder. `note` is told when a dead run's lock is taken over. */
export function lockSet(
  store: FileStore,
  what: string,
  note: (text: string) => void,
  world: LockWorld = thisWorld(),
): SetLock {
  const token = randomUUID()
  const owner: LockOwner = {
    token,
    host: world.host,
    pid: world.pid,
    processStartMs: world.processStartMs,
    pin: world.pin,
    what,
    since: new Date(world.now()).toISOString(),
  }
  const prepared = `${LOCK_FOLDER}.${folderMark(world.host, world.pid, world.processStartMs)}.${token}`
  const signature = (): string => `${JSON.stringify({ ...owner, signedMs: world.now() })}\n`
  try {
    // Nobody looks here yet, and nothing of a lock need outlive a loss of power: whoever held it does not.
    writeUnsynced(store, `${prepared}/owner.json`, signature())
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    removeQuietly(store, prepared)
    throw unusableFolder(store, error)
  }
  for (let attempt = 0; ; attempt++) {
    try {
      store.rename(prepared, LOCK_FOLDER)
      break
    } catch (error) {
      const holder = readOwner(store)
      const refusal =
        attempt < 3 && isTaken(error) ? whyHeld(holder, world) : 'it changed hands while this run tried to take it'
      if (!isTaken(error) || refusal !== undefined) {
        removeQuietly(store, prepared)
        if (!isTaken(error)) throw error
        throw inUse(store, holder, refusal ?? '')
      }
      if (isOfThisProcess(holder, world)) Atomics.wait(sleeper, 0, 0, ENDING_MS)
      note(`The backup lock in ${store.root} was left by a run that is gone (${describe(holder)}); taking it over.`)
      takeAway(store, holder, token)
    }
  }
  let signedMs = world.now()
  return {
    assertHeld() {
      if (readOwner(store)?.token !== token)
        throw new HoldfastError(
          'conflict',
          `Another run took over the backup in ${store.root}; this one ends without a result.`,
          {
            code: 'backupLockLost',
            where: { file: OWNER_FILE },
          },
        )
    },
    sign() {
      if (world.now() - signedMs < SIGN_EVERY_MS) return
      signedMs = world.now()
      // Atomic, because a reader that found half a signature would take the lock for stale.
      if (readOwner(store)?.token === token) store.writeFileAtomic(OWNER_FILE, signature())
    },
    release() {
      if (readOwner(store)?.token !== token) return
      // Renamed first: removing in place would leave an empty folder for a moment, which the next owner may fill.
      store.rename(LOCK_FOLDER, prepared)
      store.remove(`${prepared}/owner.json`)
      store.removeEmptyDirectory(prepared)
    },
  }
}

/**
 * As lockSet, but a run of this same process that works on something else in the set is waited for: the tutorial submits the backups of two databases into one
 * directory at once. The same work twice, or a run of another process, is a conflict at once.
 */
export function lockSetInTurn(
  store: FileStore,
  what: string,
  note: (text: string) => void,
  world: LockWorld = thisWorld(),
): SetLock {
  for (let attempt = 0; ; attempt++) {
    try {
      return lockSet(store, what, note, world)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'backupLocked') throw error
      const { pid, work } = error.where ?? {}
      if (pid !== world.pid || work === what) throw error
      if (attempt === 0) note(`Waiting for the ${work}, which is writing to the same directory.`)
      checkInterrupt()
      Atomics.wait(sleeper, 0, 0, TURN_MS)
    }
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))
const TURN_MS = 50

const isTaken = (error: unknown): boolean =>
  error instanceof HoldfastError && ['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(error.code)

interface FoundOwner extends LockOwner {
  readonly signedMs: number
}

/** Who holds the lock; undefined if nobody, or if what is there cannot be read (its writer died in the middle). */
function readOwner(store: FileStore, file = OWNER_FILE): FoundOwner | undefined {
  const found = store.stat(file)
  if (found?.kind !== 'file' || found.bytes > OWNER_BYTES_MAX) return undefined
  try {
    const o: unknown = JSON.parse(Buffer.from(store.readFile(file)).toString('utf8'))
    return isOwner(o) ? o : undefined
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof HoldfastError && error.code === 'ENOENT')) return undefined
    throw error
  }
}

const OWNER_BYTES_MAX = 1 << 16

/** Whether it is what a run of ours writes: it goes into messages, and decides who waits for whom. */
function isOwner(value: unknown): value is FoundOwner {
  const o = (value ?? {}) as Readonly<Record<keyof FoundOwner, unknown>>
  const isText = (text: unknown): boolean => typeof text === 'string' && /^[^\p{Cc}]{0,4096}$/u.test(text)
  const isPin = (pin: unknown): boolean => {
    const { store, pin: number } = (pin ?? {}) as Readonly<Record<keyof LockPin, unknown>>
    return pin === undefined || (typeof store === 'string' && typeof number === 'number')
  }
  return (
    [o.token, o.host, o.what, o.since].every(isText) &&
    Number.isInteger(o.pid) &&
    (o.pid as number) > 0 &&
    (o.pid as number) < 2 ** 31 &&
    Number.isFinite(o.processStartMs) &&
    Number.isFinite(o.signedMs) &&
    isPin(o.pin)
  )
}

/** Why the lock must be respected, undefined if it is stale. */
function whyHeld(holder: FoundOwner | undefined, world: LockWorld): string | undefined {
  if (holder === undefined) return undefined
  if (holder.host === world.host) {
    if (holder.pid === world.pid) {
      if (!isOfThisProcess(holder, world)) return undefined
      const { pin } = holder
      if (pin !== undefined && pin.store === world.pin?.store && world.isPinned?.(pin.pin) === false) return undefined
    } else if (!world.processExists(holder.pid)) return undefined
  }
  if (world.now() - holder.signedMs > STALE_MS) return undefined
  return describe(holder)
}

const isOfThisProcess = (holder: FoundOwner | undefined, world: LockWorld): boolean =>
  holder !== undefined &&
  holder.host === world.host &&
  holder.pid === world.pid &&
  Math.abs(holder.processStartMs - world.processStartMs) <= CLOCK_SLACK_MS

const describe = (holder: FoundOwner | undefined): string =>
  holder === undefined
    ? 'its owner is unknown'
    : `${holder.what}, process ${holder.pid} on ${holder.host}, since ${holder.since}`

/** Removes a stale lock. Of two runs that judged the same lock, one may find the other's new lock under its hands: it puts that back. */
function takeAway(store: FileStore, stale: FoundOwner | undefined, token: string): void {
  const aside = `${LOCK_FOLDER}.stale-${token}`
  if (store.stat(LOCK_FOLDER) === undefined) return
  store.rename(LOCK_FOLDER, aside)
  const moved = readOwner(store, `${aside}/owner.json`)
  if (moved !== undefined && moved.token !== stale?.token) store.rename(aside, LOCK_FOLDER)
  else store.removeTree(aside)
}

function inUse(store: FileStore, holder: FoundOwner | undefined, why: string): HoldfastError {
  return new HoldfastError('conflict', `Another backup is writing to ${store.root}: ${why}.`, {
    code: 'backupLocked',
    where: { file: store.root, pid: holder?.pid, work: holder?.what },
    hint: 'wait until it ends, or use another backup directory',
  })
}

/** The first thing that a run writes into a set is its lock: what the caller can do about it concerns the directory, not this file. */
function unusableFolder(store: FileStore, { code, hint, cause }: HoldfastError): HoldfastError {
  const why = storeErrorOf(code, 'write to the backup directory', store.root)
  const message =
    code === 'EEXIST' || code === 'ENOTDIR'
      ? `The backup directory ${store.root} is no folder: a file, or a link that leads nowhere, is in its way (${code}).`
      : why.message
  return new HoldfastError('io', message, { code, where: { file: store.root }, hint, cause })
}

function writeUnsynced(store: FileStore, file: string, text: string): void {
  const writer = store.openWrite(file)
  try {
    writer.write(Buffer.from(text))
  } finally {
    writer.close()
  }
}

/** Who made a folder, as part of its name: what is in it may never have been written. */
const folderMark = (host: string, pid: number, processStartMs: number): string =>
  `${checksumOf(Buffer.from(host))}-${pid}-${processStartMs}`

function removeQuietly(store: FileStore, folder: string): void {
  try {
    store.removeTree(folder)
  } catch (error) {
    // The failure that led here is on its way up; the next run removes the folder.
    if (!(error instanceof HoldfastError)) throw error
  }
}

/** Removes what runs left that died while they took or gave back the lock. To be called by the lock's holder. */
export function removeLockRemains(store: FileStore, world: LockWorld = thisWorld()): void {
  for (const { name, kind } of store.list('')) {
    if (kind !== 'directory' || !name.startsWith(`${LOCK_FOLDER}.`)) continue
    const made = /\.([0-9a-f]{16})-([0-9]+)-([0-9]+)\.[0-9a-f-]+$/.exec(name)
    if (name.startsWith(`${LOCK_FOLDER}.stale-`) || (made !== null && isGone(made, world))) store.removeTree(name)
  }
}

/** On another machine nobody can tell: such a folder stays, and does no harm. */
function isGone([, host, pid, processStartMs]: RegExpExecArray, world: LockWorld): boolean {
  if (host !== checksumOf(Buffer.from(world.host))) return false
  if (Number(pid) !== world.pid) return !world.processExists(Number(pid))
  return Math.abs(Number(processStartMs) - world.processStartMs) > CLOCK_SLACK_MS
}
