/**
 * One process a data directory. `holdfast.lock` names the process that has it; a file left by a process that is gone tells the next start that the
 * last one did not end cleanly.
 */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import { makeFolders } from '../store/make-folders.ts'
import { storeError } from '../store/store-error.ts'

interface Holder {
  readonly pid: number
  /** Start of the process in clock ticks since boot (Linux), so that a reused pid is not taken for it. */
  readonly processStart: string
  readonly host: string
  readonly since: string
  /** Device and number of the folder: a copy of it brings the file along, but is another folder. */
  readonly folder?: string
}

export interface DirectoryLock {
  /** The process before did not close the directory. */
  readonly wasUnclean: boolean
  release(): void
  /** Lets another process in, but tells it that the directory was not closed. */
  leave(): void
}

export interface TakenLock extends DirectoryLock {
  /** As if it had never been taken. */
  putBack(): void
}

/** A folder that is only looked at. */
export interface InspectionLock extends Pick<TakenLock, 'wasUnclean' | 'putBack'> {
  /** False: nothing can be written there, so nobody is kept from opening it meanwhile. */
  readonly isHeld: boolean
}

export const LOCK_FILE = 'holdfast.lock'

/** Takes the folder, which is made if missing. Throws `directoryInUse` if a living process has it, `directoryInUseElsewhere` if one of another machine may. */
export function lockDirectory(folder: string): TakenLock {
  try {
    makeFolders(folder)
  } catch (error) {
    throw storeError('create the data directory', folder, error)
  }
  const file = join(folder, LOCK_FILE)
  const mine: Holder = {
    pid: process.pid,
    processStart: startOf(process.pid) ?? '',
    host: hostname(),
    since: new Date().toISOString(),
    folder: identityOf(folder),
  }
  const before = readIfThere(file)
  let wasUnclean = false
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(file, JSON.stringify(mine), { flag: 'wx' })
      return {
        wasUnclean,
        release: () => rmSync(file, { force: true }),
        putBack: () => (before === undefined ? rmSync(file, { force: true }) : writeFileSync(file, before)),
        // The holder is given as a process that is gone.
        leave: () => writeFileSync(file, JSON.stringify({ ...mine, processStart: 'ended' })),
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storeError('write', file, error)
    }
    const holder = readHolder(file)
    if (holder !== undefined && (holder.folder ?? mine.folder) === mine.folder && isAlive(holder))
      throw inUse(folder, file, holder, mine.host)
    wasUnclean = true
    removeLock(file)
  }
  throw new HoldfastError('conflict', `The data directory ${folder} is being opened by several processes at once.`, {
    code: 'directoryInUse',
  })
}

/** What the system says of a folder in which this user can not write: a medium that is mounted read-only, a folder of somebody else. */
const UNWRITABLE = new Set(['EROFS', 'EACCES', 'EPERM'])

/** Takes a folder only to look at it, and `putBack` afterwards. Throws `directoryMissing`, or `directoryInUse` if a living process has it. */
export function lockForInspection(folder: string): InspectionLock {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new HoldfastError('input', `There is no data directory ${folder}.`, {
      code: 'directoryMissing',
      where: { file: folder },
    })
  try {
    const { wasUnclean, putBack } = lockDirectory(folder)
    return { wasUnclean, putBack, isHeld: true }
  } catch (error) {
    if (!(error instanceof HoldfastError) || !UNWRITABLE.has(error.code)) throw error
    const file = join(folder, LOCK_FILE)
    const holder = readHolder(file)
    if (holder !== undefined && (holder.folder ?? identityOf(folder)) === identityOf(folder) && isAlive(holder))
      throw inUse(folder, file, holder, hostname())
    return { wasUnclean: existsSync(file), putBack: () => {}, isHeld: false }
  }
}

/** Of a process on another machine, or in a container that had a name of its own, nobody here can tell whether it lives. */
function inUse(folder: string, file: string, { pid, host, since }: Holder, here: string): HoldfastError {
  const isElsewhere = host !== here
  return new HoldfastError(
    'conflict',
    `The data directory ${folder} is in use by process ${pid}${isElsewhere ? ` on ${host}` : ''} since ${since}.`,
    {
      code: isElsewhere ? 'directoryInUseElsewhere' : 'directoryInUse',
      where: { file, pid, host },
      hint: isElsewhere
        ? `end that process first; if that machine or container is gone for certain, delete ${file}`
        : 'end that process first, or choose another directory with --data',
    },
  )
}

function removeLock(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch (error) {
    throw storeError('remove', file, error)
  }
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw storeError('read', file, error)
  }
}

function identityOf(folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true })
  return `${dev}:${ino}`
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    // Torn by a crash while it was being written: nobody holds it.
    return undefined
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true
  if (holder.pid === process.pid) return holder.processStart === startOf(process.pid)
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const start = startOf(holder.pid)
  return start === undefined || start === holder.processStart
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    // Not Linux, or the process has just gone.
    return undefined
  }
}

/** Which run of the machine this is: it changes when the machine starts anew, so the same id means that no power was lost in between. */
export function bootIdOf(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // Not Linux: whether the power was lost since the last start is not known.
    return ''
  }
}
