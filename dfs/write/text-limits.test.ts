import { beforeAll, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { ArrayVector, StringVector, SymbolBase, SymbolVector, T, type Vector } from '../../runtime/values/index.ts'
import { connect, newWorld, type TestSession } from './testing.ts'
import { longTexts, requireSymbols } from './text-limits.ts'

const text = (bytes: number): string => 'x'.repeat(bytes)
const rowsOf = (type: number, v: Vector): number[] => Array.from(longTexts([{ name: 'c', type }], [v]), (t) => t.row)

describe('texts that are too long', () => {
  it('are counted in bytes', () => {
    const strings = [
      '',
      text(65535),
      text(65536),
      'ä'.repeat(32767),
      'ä'.repeat(32768),
      '€'.repeat(21845),
      '€'.repeat(21846),
    ]
    expect(rowsOf(T.STRING, new StringVector(strings))).toEqual([2, 4, 6])
    const bytes = Buffer.concat(strings.map((s) => Buffer.from(s)))
    const ends = strings.map((_, k) => Buffer.byteLength(strings.slice(0, k + 1).join('')))
    expect(rowsOf(T.STRING, new StringVector({ offsets: Int32Array.from([0, ...ends]), bytes }))).toEqual([2, 4, 6])
    expect(rowsOf(T.BLOB, new StringVector(strings, T.BLOB))).toEqual([])
  })

  it('are found among symbols that are used', () => {
    const base = new SymbolBase([text(256), text(257), 'a'])
    expect(rowsOf(T.SYMBOL, new SymbolVector(Int32Array.of(3, 1, 3), base))).toEqual([])
    expect(rowsOf(T.SYMBOL, new SymbolVector(Int32Array.of(3, 2, 1, 2), base))).toEqual([1, 3])
  })

  it('are found in the rows of array vectors', () => {
    const flat = new StringVector([text(65536), 'a', text(65536), text(65536), 'b', text(65536)])
    expect(rowsOf(T.STRING + 64, new ArrayVector(Int32Array.of(1, 2, 2, 4, 5), flat))).toEqual([2, 2])
  })
})

describe('the symbols of a partition', () => {
  let symbols: SymbolVector
  const table = { db: 'dfs://d', name: 't' }
  const column = [{ name: 'c', type: T.SYMBOL }]
  const limit = 2 ** 21

  beforeAll(() => {
    const base = new SymbolBase()
    for (let k = 0; k < limit; k++) base.encode(String(k))
    symbols = new SymbolVector(
      Int32Array.from({ length: limit + 1 }, (_, k) => k),
      base,
    )
  })

  it('may be 2,097,152, however many the column has', () => {
    requireSymbols(
      table,
      '/p',
      column,
      [symbols],
      Int32Array.from({ length: limit }, (_, k) => k),
    )
    requireSymbols(table, '/p', column, [symbols], new Int32Array(limit + 1).fill(7))
  })

  it('may not be more', () => {
    const attempt = (): void => requireSymbols(table, '/p', column, [symbols], undefined)
    expect(attempt).toThrow(/symbase.*S00003/)
    expect(attempt).toThrow(HoldfastError)
  })
})

describe('statements with a text that is too long', () => {
  let s: TestSession
  beforeAll(() => {
    s = connect(newWorld())
    s.run(`
      long = concat(take("x", 65536))
      t = table(1 2 as id, symbol(\`a\`b) as sym, "s" "t" as s)
      pt = database("dfs://u", VALUE, 1 2 3).createPartitionedTable(t, "pt", "id").append!(t)`)
  })

  it.each([
    ['append!', 'pt.append!(table(1 2 as id, `c`d as sym, ["ok", long] as s))', /Row 1 .*column \[s\].*65536 bytes/],
    [
      'of a symbol',
      'pt.append!(table(1 2 as id, [`c, left(long, 300)] as sym, `x`y as s))',
      /Row 1 .*\[sym\].*300 bytes/,
    ],
    ['update', 'update pt set s = long where id = 2', /column \[s\].*65536 bytes/],
    [
      'upsert!',
      'upsert!(pt, table([1] as id, [`c] as sym, [long] as s), keyColNames=`id)',
      /column \[s\].*65536 bytes/,
    ],
    ['tableInsert', 'tableInsert(pt, table([1] as id, [`c] as sym, [long] as s))', /column \[s\].*65536 bytes/],
  ])('fail, and leave the table as it is: %s', (_, statement, message) => {
    expect(() => s.run(statement)).toThrow(message)
    expect(s.show('exec s from pt order by id')).toBe('["s","t"]')
  })
})
