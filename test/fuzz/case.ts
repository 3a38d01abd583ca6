/**
 * One case: a sound folder, something in it changed, and what the product makes of it. Allowed: it does not matter, or an error of kind data or input that says where.
 * Anything else is a violation: an error of another kind, a file that changed although it was only to be read, a path that leaves its folder, too much time or memory.
 */
import { HoldfastError, toHoldfastError } from '../../runtime/index.ts'
import { Random } from '../simulation/random.ts'
import { filesOf, replaceSigned, storeOf } from './folder.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { mutateValue } from './mutate-value.ts'
import { signBytes, signedOf } from './signed.ts'
import { type Operation, readAll, type Subject } from './subjects.ts'

export interface CaseResult {
  readonly subject: string
  readonly operation: string
  /** What was done to the files. */
  readonly change: string
  readonly outcome: 'clean' | 'refused'
}

export class Violation extends Error {}

/** How often each is drawn. */
const SHARES: Readonly<Record<string, number>> = { set: 8, sealed: 1, node: 2, copy: 2, archive: 1, recovery: 3 }

const CASE_MS_MAX = 10_000
/** Nothing that fits into these folders needs more. */
const CASE_BYTES_MAX = 400 << 20

export async function runCase(
  subjects: readonly Subject[],
  seed: number,
  trace?: (line: string) => void,
): Promise<CaseResult> {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995)
  const subject = random.pick(subjects.flatMap((s) => Array<Subject>(SHARES[s.name]).fill(s)))
  const operation = random.pick(Object.keys(subject.operations))
  const { files, change } = changed(subject, random)
  trace?.(`${subject.name} ${operation}: ${change}`)
  const result = { subject: subject.name, operation, change }
  try {
    return { ...result, outcome: await attempt(subject, operation, files) }
  } catch (error) {
    const what = error instanceof Violation ? error.message : `it fails with ${describe(error)}`
    throw new Violation(`${subject.name}, ${operation}: ${change}\n  ${what}`, { cause: error })
  }
}

/** What the operation makes of files that nobody changed. */
export const soundOutcome = (subject: Subject, operation: string): Promise<'clean' | 'refused'> =>
  attempt(subject, operation, subject.files)

async function attempt(
  subject: Subject,
  name: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<'clean' | 'refused'> {
  const operation: Operation = subject.operations[name]
  const store = storeOf(files)
  const startedMs = performance.now()
  const bytesBefore = process.memoryUsage().rss
  let outcome: 'clean' | 'refused' = 'clean'
  try {
    const world = await operation.run(store)
    if (world !== undefined) readAll(world)
  } catch (error) {
    requireProperError(error, [...files.keys(), ...subject.files.keys()])
    outcome = 'refused'
  }
  const elapsedMs = performance.now() - startedMs
  if (elapsedMs > CASE_MS_MAX) throw new Violation(`it took ${Math.round(elapsedMs)} ms`)
  const bytesMore = process.memoryUsage().rss - bytesBefore
  if (bytesMore > CASE_BYTES_MAX) throw new Violation(`it took ${bytesMore >> 20} MiB of memory`)
  if (operation.reads) requireUnchanged(files, filesOf(store))
  return outcome
}

function requireProperError(error: unknown, files: readonly string[]): void {
  const proper = error instanceof HoldfastError ? error : toHoldfastError(error)
  // A folder where a file should be, nothing, or nothing that the key opens: it cannot be read, and the error says where.
  const isOfSystem = proper.kind === 'io' && ['ENOENT', 'EISDIR', 'ENOTDIR', 'sealBroken'].includes(proper.code)
  if (proper.kind !== 'data' && proper.kind !== 'input' && !isOfSystem) throw error
  if (proper.code === 'pathEscape') throw new Violation(`a name reached the file store unchecked: ${proper.message}`)
  if (proper.kind === 'data') {
    const text = `${proper.message} ${Object.values(proper.where ?? {}).join(' ')}`
    const isNamed =
      files.some((f) => text.includes(f.slice(f.lastIndexOf('/') + 1))) ||
      /chunks\/|data\/|states\/|LSN |wal\/|memory:/.test(text)
    if (!isNamed) throw new Violation(`the error names no file: ${proper.message}`)
  }
}

/** Checks note in the set what they found. */
const LEDGER = 'ledger/'

function requireUnchanged(before: ReadonlyMap<string, Uint8Array>, after: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, bytes] of before) {
    if (path.startsWith(LEDGER)) continue
    const now = after.get(path)
    if (now === undefined || !Buffer.from(now).equals(bytes))
      throw new Violation(`${path} was changed by an operation that only reads`)
  }
  for (const path of after.keys())
    if (!before.has(path) && !path.startsWith(LEDGER))
      throw new Violation(`${path} was made by an operation that only reads`)
}

function changed(
  subject: Subject,
  random: Random,
): { readonly files: Map<string, Uint8Array>; readonly change: string } {
  const files = new Map(subject.files)
  const changes: string[] = []
  for (let k = random.chance(0.15) ? 2 : 1; k > 0; k--) changes.push(changeOne(files, random))
  return { files, change: changes.join('; ') }
}

/** Metadata more often than data, of which there is more. */
function pickFile(files: ReadonlyMap<string, Uint8Array>, random: Random): string {
  const all = [...files.keys()]
  const metadata = all.filter((f) => !f.endsWith('.arrow') && !f.includes('.arrow.'))
  return random.pick(random.chance(0.75) && metadata.length > 0 ? metadata : all)
}

function changeOne(files: Map<string, Uint8Array>, random: Random): string {
  const path = pickFile(files, random)
  const bytes = files.get(path)!
  const way = random.weighted({ value: 10, signed: 4, raw: 3, remove: 0.5, folder: 0.3, exchange: 0.5 })
  if (way === 'remove') {
    files.delete(path)
    return `${path} is removed`
  }
  if (way === 'folder') {
    files.delete(path)
    files.set(`${path}/x`, bytes)
    return `${path} becomes a folder`
  }
  if (way === 'exchange') {
    const other = pickFile(files, random)
    files.set(path, files.get(other)!)
    files.set(other, bytes)
    return `${path} and ${other} are exchanged`
  }
  const signed = way === 'value' ? signedOf(path, bytes) : undefined
  if (signed !== undefined) {
    // A value that an earlier change has nested beyond any stack cannot be walked, and some cannot be written.
    let what = 'nothing'
    try {
      const [value, change] = mutateValue(signed.value, random)
      what = change
      replaceSigned(files, path, signed.encode(value))
      return `${path} signed: ${what}`
    } catch (error) {
      return `${path} cannot be changed: ${what} (${(error as Error).message})`
    }
  }
  const [other, what] = mutateBytes(bytes, random)
  if (way === 'raw') files.set(path, other)
  else replaceSigned(files, path, signBytes(path, other))
  return `${path}${way === 'raw' ? '' : ' signed'}: ${what}`
}

export function describe(error: unknown): string {
  if (error instanceof HoldfastError) {
    const cause = error.cause instanceof Error ? ` <- ${error.cause.stack?.split('\n').slice(0, 8).join('\n')}` : ''
    return `${error.kind}/${error.code}: ${error.message}${cause}`
  }
  return error instanceof Error ? `${error.stack?.split('\n').slice(0, 8).join('\n')}` : String(error)
}
