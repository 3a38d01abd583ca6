/** How long texts of stored tables may be, and how many symbols a partition may get at once: the limits of DolphinDB's distributed tables. */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { elementType, T, type TypeId, typeName, type Vector } from '../../runtime/values/index.ts'
import type { StoredColumn, TableRecord } from '../catalog/types.ts'

/** In bytes of UTF-8. */
const BYTES_MAX: ReadonlyMap<TypeId, number> = new Map([
  [T.STRING, 65535],
  [T.SYMBOL, 256],
  [T.BLOB, 64 << 20],
])
const SYMBOLS_MAX = 1 << 21
/** A character of JavaScript becomes so many bytes at most. */
const BYTES_OF_CHARACTER = 3

export interface LongText {
  readonly row: number
  readonly column: string
  /** What is wrong. */
  readonly problem: string
}

type Column = Pick<StoredColumn, 'name' | 'type'>

/** Throws for the first text that no column of its type holds. */
export function requireTexts(
  table: Pick<TableRecord, 'db' | 'name'>,
  columns: readonly Column[],
  vectors: readonly Vector[],
): void {
  for (const { row, column, problem } of longTexts(columns, vectors))
    throw inputError(`Row ${row} of the new data, column [${column}]: ${problem}.`, {
      code: 'textTooLong',
      where: { db: table.db, table: table.name, column },
      hint: 'a STRING column holds longer texts than a SYMBOL column, and a BLOB column the longest; or cut the text with left(s, n)',
    })
}

/** Column by column, of each the rows that have one. */
export function* longTexts(columns: readonly Column[], vectors: readonly Vector[]): Iterable<LongText> {
  for (const [k, { name, type }] of columns.entries()) {
    const max = BYTES_MAX.get(elementType(type))
    if (max === undefined) continue
    for (const [row, bytes] of longerThan(vectors[k], max))
      yield {
        row,
        column: name,
        problem: `a text of ${bytes} bytes is longer than the ${max} that ${typeName(type)} columns of stored tables hold`,
      }
  }
}

/** Rows with a longer text, and its bytes. */
function* longerThan(v: Vector, max: number): Iterable<readonly [row: number, bytes: number]> {
  switch (v.storage) {
    case 'symbol': {
      const long = new Map<number, number>()
      v.base.symbols.forEach((text, code) => {
        const bytes = bytesOver(text, max)
        if (bytes > 0) long.set(code, bytes)
      })
      if (long.size === 0) return
      for (let row = 0; row < v.length; row++) {
        const bytes = long.get(v.data[row])
        if (bytes !== undefined) yield [row, bytes]
      }
      return
    }
    case 'string': {
      if (v.isUtf8Only && v.utf8 !== undefined) {
        const { offsets } = v.utf8
        for (let row = 0; row < v.length; row++) {
          const bytes = offsets[row + 1] - offsets[row]
          if (bytes > max) yield [row, bytes]
        }
        return
      }
      const { strings } = v
      for (let row = 0; row < v.length; row++) {
        const text = strings[row]
        if (text.length * BYTES_OF_CHARACTER <= max) continue
        const bytes = bytesOver(text, max)
        if (bytes > 0) yield [row, bytes]
      }
      return
    }
    case 'array': {
      let row = 0
      for (const [at, bytes] of longerThan(v.flat, max)) {
        if (at < v.offsets[0] || at >= v.offsets[v.length]) continue
        while (v.offsets[row + 1] <= at) row++
        yield [row, bytes]
      }
    }
  }
}

/** The bytes of a text that is too long, otherwise 0. */
function bytesOver(text: string, max: number): number {
  if (text.length * BYTES_OF_CHARACTER <= max) return 0
  const bytes = Buffer.byteLength(text)
  return bytes > max ? bytes : 0
}

/** Throws if the rows of a partition (all, or those at the positions) have more symbols in a column than it holds. It is looked at append by append. */
export function requireSymbols(
  table: Pick<TableRecord, 'db' | 'name'>,
  path: string,
  columns: readonly Column[],
  vectors: readonly Vector[],
  rows: Int32Array | undefined,
): void {
  for (const [k, v] of vectors.entries()) {
    if (v.storage !== 'symbol' || v.base.symbols.length <= SYMBOLS_MAX) continue
    const seen = new Uint8Array(v.base.symbols.length)
    let count = 0
    const length = rows?.length ?? v.length
    for (let r = 0; r < length; r++) {
      const code = v.data[rows === undefined ? r : rows[r]]
      count += 1 - seen[code]
      seen[code] = 1
    }
    if (count > SYMBOLS_MAX)
      throw new HoldfastError('input', `One symbase's size can't exceed ${SYMBOLS_MAX}.`, {
        refId: 'S00003',
        where: { db: table.db, table: table.name, partition: path, column: columns[k].name },
        hint: `the rows have ${count} different symbols in the column ${columns[k].name}: make it a STRING column`,
      })
  }
}
