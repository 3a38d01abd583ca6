/**
 * Which rows go to which partition. Each level gives every row a partition number; the numbers of the levels are combined to one dense number, and a counting
 * sort makes the row list of every partition. The order of rows inside a partition is the order in which they came.
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { allocateUnset, giveBack, type Vector } from '../../runtime/values/index.ts'
import type { DatabaseRecord, Scheme } from '../catalog/types.ts'
import { type LevelNumbers, levelNumbers, type RouteConfig } from './levels.ts'

export type { RouteConfig } from './levels.ts'

export interface Routing {
  /** Partitions that get rows, in scheme order. `rows` undefined: all rows, in order. */
  readonly parts: readonly { readonly path: string; readonly rows: Int32Array | undefined }[]
  /** Rows that have a partition. */
  readonly kept: number
  /** Values to add to the VALUE schemes; `values` are only the new ones. */
  readonly newValues: readonly { readonly level: number; readonly scheme: Scheme & { kind: 'VALUE' } }[]
}

/** The row lists are not needed any more: the next append takes their memory. */
export function releaseRows({ parts }: Pick<Routing, 'parts'>): void {
  const rows = parts[0]?.rows
  if (rows !== undefined) giveBack(rows.buffer)
}

/** Assigns rows to partitions. `partitionColumns` are one column per level, in the types of the table. */
export function routeRows(db: DatabaseRecord, partitionColumns: readonly Vector[], config: RouteConfig): Routing {
  if (partitionColumns.length !== db.schemes.length)
    throw new HoldfastError('bug', `${partitionColumns.length} partition columns for ${db.schemes.length} levels`)
  const levels = db.schemes.map((scheme, level) => levelNumbers(scheme, partitionColumns[level], config))
  const newValues = levels.flatMap(({ added }, level) => {
    const scheme = db.schemes[level]
    return added.length > 0 && scheme.kind === 'VALUE' ? [{ level, scheme: { ...scheme, values: added } }] : []
  })
  const rows = partitionColumns[0].length
  const { varying, path } = splitOff(levels)
  if (varying.length === 0) return { parts: [{ path: path(''), rows: undefined }], kept: rows, newValues }
  const combined = combine(varying)
  const counts = countRows(combined)
  const kept = rows - counts[0]
  if (kept < rows && !config.allowMissingPartitions)
    throw inputError(
      `${rows - kept} of ${rows} rows belong to no partition of ${db.url}, and allowMissingPartitions is false. Nothing was written.`,
      { code: 'missingPartition', where: { db: db.url } },
    )
  const parts = rowLists(combined, counts).map((part) => ({ ...part, path: path(part.path) }))
  for (const { numbers } of varying) giveBack(numbers.buffer)
  return { parts, kept, newValues }
}

/** A level at which rows differ. */
interface VaryingLevel extends LevelNumbers {
  readonly numbers: Int32Array
}

/** The levels at which rows differ, and how the path of those becomes the path of all levels. */
function splitOff(levels: readonly LevelNumbers[]): {
  readonly varying: readonly VaryingLevel[]
  readonly path: (ofVarying: string) => string
} {
  const varying = levels.filter((level): level is VaryingLevel => typeof level.numbers !== 'number')
  if (varying.length === levels.length) return { varying, path: (text) => text }
  return {
    varying,
    path: (text) => {
      const names = text.split('/').slice(1)
      return levels
        .map(({ numbers, names: all }) => `/${typeof numbers === 'number' ? all[numbers] : names.shift()}`)
        .join('')
    },
  }
}

interface Combined {
  /** Partition number by row, -1 for none. */
  readonly numbers: Int32Array
  /** Numbers are below this. */
  readonly partitions: number
  /** Path of a number. Ascending numbers are in scheme order. */
  readonly path: (partition: number) => string
}

/** Loops run in pieces of so many rows: a function that is called again is compiled well sooner than a loop that never ends. */
const PIECE_ROWS = 1 << 15

/** Rows of every partition, one place up: those of none come first. So there is no test a row, which costs more than the counting. */
function countRows({ numbers, partitions }: Combined): Int32Array {
  const counts = new Int32Array(partitions + 1)
  for (let from = 0; from < numbers.length; from += PIECE_ROWS)
    countPiece(numbers, from, Math.min(numbers.length, from + PIECE_ROWS), counts)
  return counts
}

function countPiece(numbers: Int32Array, from: number, to: number, counts: Int32Array): void {
  for (let k = from; k < to; k++) counts[numbers[k] + 1]++
}

function rowLists({ numbers, path }: Combined, counts: Int32Array): Routing['parts'] {
  const used: number[] = []
  for (let p = 1; p < counts.length; p++) if (counts[p] > 0) used.push(p)
  if (used.length === 1 && counts[0] === 0) return [{ path: path(used[0] - 1), rows: undefined }]
  const rows = new Int32Array(allocateUnset(numbers.length * 4))
  const next = new Int32Array(counts.length)
  for (let p = 1; p < next.length; p++) next[p] = next[p - 1] + counts[p - 1]
  for (let from = 0; from < numbers.length; from += PIECE_ROWS)
    scatter(numbers, from, Math.min(numbers.length, from + PIECE_ROWS), next, rows)
  return used.map((p) => ({ path: path(p - 1), rows: rows.subarray(next[p] - counts[p], next[p]) }))
}

function scatter(numbers: Int32Array, from: number, to: number, next: Int32Array, rows: Int32Array): void {
  for (let k = from; k < to; k++) {
    const p = numbers[k] + 1
    const at = next[p]
    next[p] = at + 1
    rows[at] = k
  }
}

// Up to so many combinations (or as many as there are rows) each has its number; of more, only those that occur.
const DIRECT_PARTITIONS = 1 << 16

/** One number per row from the numbers of the levels. Works in the array of the first level. */
function combine(levels: readonly VaryingLevel[]): Combined {
  const product = levels.reduce((n, l) => n * l.names.length, 1)
  if (product <= Math.max(DIRECT_PARTITIONS, levels[0].numbers.length)) return combineAll(levels, product)
  const { numbers, paths } = combineOccurring(levels)
  return { numbers, partitions: paths.length, path: (p) => paths[p] }
}

/** Positions in the product of all levels: one pass a level. */
function combineAll(levels: readonly VaryingLevel[], product: number): Combined {
  const { numbers } = levels[0]
  for (const { numbers: inner, names } of levels.slice(1)) {
    const width = names.length
    for (let k = 0; k < numbers.length; k++) {
      const a = numbers[k]
      const b = inner[k]
      numbers[k] = a < 0 || b < 0 ? -1 : a * width + b
    }
  }
  const path = (partition: number): string => {
    let text = ''
    let rest = partition
    for (let level = levels.length - 1; level >= 0; level--) {
      const { names } = levels[level]
      text = `/${names[rest % names.length]}${text}`
      rest = Math.floor(rest / names.length)
    }
    return text
  }
  return { numbers, partitions: product, path }
}

// More combinations than this are numbered through a map of those that occur.
const DIRECT_COMBINATIONS = 1 << 24

/** Numbers of the combinations that occur, in scheme order. */
function combineOccurring(levels: readonly VaryingLevel[]): { numbers: Int32Array; paths: string[] } {
  let { numbers, paths } = dense(levels[0])
  for (const level of levels.slice(1)) {
    const inner = dense(level)
    const width = inner.paths.length
    if (paths.length * width <= DIRECT_COMBINATIONS) {
      const product = paths.length * width
      const seen = new Int32Array(product).fill(-1)
      for (let k = 0; k < numbers.length; k++) {
        const a = numbers[k]
        const b = inner.numbers[k]
        const p = a < 0 || b < 0 ? -1 : a * width + b
        numbers[k] = p
        if (p >= 0) seen[p] = 0
      }
      const joined: string[] = []
      for (let p = 0; p < product; p++)
        if (seen[p] === 0) {
          seen[p] = joined.length
          joined.push(paths[Math.floor(p / width)] + inner.paths[p % width])
        }
      for (let k = 0; k < numbers.length; k++) if (numbers[k] >= 0) numbers[k] = seen[numbers[k]]
      paths = joined
    } else ({ numbers, paths } = combineSparse(numbers, paths, inner.numbers, inner.paths))
  }
  return { numbers, paths }
}

function combineSparse(
  outer: Int32Array,
  outerPaths: readonly string[],
  inner: Int32Array,
  innerPaths: readonly string[],
): { numbers: Int32Array; paths: string[] } {
  const width = innerPaths.length
  const occurring = new Set<number>()
  for (let k = 0; k < outer.length; k++) if (outer[k] >= 0 && inner[k] >= 0) occurring.add(outer[k] * width + inner[k])
  const sorted = Float64Array.from(occurring).sort()
  const numberOf = new Map<number, number>()
  for (let p = 0; p < sorted.length; p++) numberOf.set(sorted[p], p)
  const numbers = new Int32Array(outer.length)
  for (let k = 0; k < outer.length; k++)
    numbers[k] = outer[k] < 0 || inner[k] < 0 ? -1 : numberOf.get(outer[k] * width + inner[k])!
  return { numbers, paths: Array.from(sorted, (p) => outerPaths[Math.floor(p / width)] + innerPaths[p % width]) }
}

/** The level with only the partitions that occur, renumbered in scheme order, in place. */
function dense(level: VaryingLevel): { numbers: Int32Array; paths: string[] } {
  const { numbers, names } = level
  const map = new Int32Array(names.length).fill(-1)
  for (let k = 0; k < numbers.length; k++) if (numbers[k] >= 0) map[numbers[k]] = 0
  const paths: string[] = []
  for (let p = 0; p < map.length; p++)
    if (map[p] === 0) {
      map[p] = paths.length
      paths.push(`/${names[p]}`)
    }
  for (let k = 0; k < numbers.length; k++) if (numbers[k] >= 0) numbers[k] = map[numbers[k]]
  return { numbers, paths }
}
