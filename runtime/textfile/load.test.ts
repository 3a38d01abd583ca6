import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { libraryBuiltins } from '../builtins/library-index.ts'
import { doubles, int, ints, library, strings, symbols, text } from '../builtins/library-testing.ts'
import { displayValue } from '../print/index.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T, typeName } from '../values/types.ts'
import { ArrayVector, FixedVector } from '../values/vector.ts'
import { columnNames, inferType } from './infer.ts'
import { readTextBatches } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'text-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const fileOf = (content: string): string => {
  const path = join(folder, `f${files++}.csv`)
  writeFileSync(path, content)
  return path
}
const { call } = library(libraryBuiltins)
const load = (content: string, ...args: (Value | undefined)[]): Table =>
  call('loadText', text(fileOf(content)), ...args) as Table
const shown = (v: Value): string => displayValue(v).replaceAll(/ +$/gm, '')
const typesOf = (t: Table): string[] => t.columns.map((c) => typeName(c.type))

describe('loadText', () => {
  it('takes names from the header and types from the rows', () => {
    const t = load(
      'sym,date,price,qty,big,time\nIBM,2012-06-13,10.5,1,3000000000,13:30:10\nGS,2012/06/14,,2,,13:30:11\n',
    )
    expect(t.names).toEqual(['sym', 'date', 'price', 'qty', 'big', 'time'])
    expect(typesOf(t)).toEqual(['SYMBOL', 'DATE', 'DOUBLE', 'INT', 'LONG', 'SECOND'])
    expect(shown(t).split('\n')[3]).toBe('GS  2012.06.14       2              13:30:11')
  })
  it('numbers columns when a field of the first line starts with a digit', () => {
    const t = load('a,1\nb,2')
    expect(t.names).toEqual(['col0', 'col1'])
    expect(t.rows).toBe(2)
    expect(load('a,1\nb,2', undefined, undefined, undefined, undefined, Scalar.TRUE).names).toEqual(['a', 'c1'])
  })
  it('reads quotes, quoted newlines, CRLF, empty lines and a byte order mark', () => {
    const t = load('\uFEFFa,b\r\n"x, ""y""","line\nbreak"\r\n\r\n"",é\r\n')
    expect(t.rows).toBe(2)
    expect([t.columns[0].raw(0), t.columns[1].raw(0), t.columns[1].raw(1)]).toEqual(['x, "y"', 'line\nbreak', 'é'])
  })
  it('fills missing fields with null and ignores extra ones', () =>
    expect(shown(load('a,b\n1,2\n3\n4,5,6\n'))).toBe('a b\n- -\n1 2\n3\n4 5'))
  it('skips lines before the header, takes other delimiters', () =>
    expect(shown(load('junk\nmore\na;b\n1;2\n', text(';'), undefined, int(2)))).toBe('a b\n- -\n1 2'))
  it('follows a schema: names, types, formats, columns', () => {
    const schema = new Table(
      ['name', 'type', 'format', 'col'],
      [strings('d', 'v'), strings('DATE', 'DECIMAL32(2)'), strings('dd-MM-yyyy', ''), ints(0, 2)],
    )
    expect(shown(load('a,b,c\n14-02-2018,x,1.25\nbad,y,\n', undefined, schema))).toBe(
      'd          v\n---------- ----\n2018.02.14 1.25\n',
    )
  })
  it('reads array columns', () => {
    const schema = new Table(['name', 'type'], [strings('k', 'v'), strings('INT', 'DOUBLE[]')])
    const t = load('k,v\n1,"1.5,2"\n2,\n3,"7"\n', undefined, schema)
    expect(shown(t.columns[1])).toBe('[[1.5,2],[],[7]]')
  })
  it('gives null for what does not parse', () => {
    const schema = new Table(['name', 'type'], [strings('i', 'd'), strings('INT', 'DOUBLE')])
    expect(shown(load('i,d\nx,y\n99999999999,1e400\n-5,-1e-3\n', undefined, schema).columns[0])).toBe('[,,-5]')
  })
  it('fails clearly for a missing or empty file', () => {
    expect(() => call('loadText', text('/nonexistent/x.csv'))).toThrow('Failed to open file [/nonexistent/x.csv]')
    expect(() => load('')).toThrow('is empty')
  })
  it('reads rows across chunk borders', () => {
    const rows = 300_000
    const lines = Array.from({ length: rows }, (_, k) => `s${k % 100},${k},"q ""${k}"""`)
    const t = load(`sym,id,note\n${lines.join('\n')}`)
    expect(t.rows).toBe(rows)
    expect(t.columns[2].raw(rows - 1)).toBe(`q "${rows - 1}"`)
    for (let k = 0; k < rows; k++) if (t.columns[2].raw(k) !== `q "${k}"`) throw new Error(`row ${k}`)
    let sum = 0
    for (const x of (t.columns[1] as FixedVector).view() as Int32Array) sum += x
    expect(sum).toBe((rows * (rows - 1)) / 2)
    const batches = [
      ...readTextBatches(
        fileOf(`a\n${'1\n'.repeat(10)}`),
        { delimiter: ',', skipRows: 0, containHeader: undefined, columns: undefined, arrayDelimiter: ',' },
        4,
      ),
    ]
    expect(batches.map((b) => b.rows)).toEqual([4, 4, 2])
  })
})

describe('names and types', () => {
  it('are made legal', () => {
    expect(columnNames(['1_test', 'test-a!', 'a', 'a', ''], 6)).toEqual([
      'c1_test',
      'test_a_',
      'a',
      'a_1',
      'col4',
      'col5',
    ])
  })
  it.each([
    [['20180101', '20180231'], 'INT'],
    [['20180101', '20180228'], 'DATE'],
    [['180101'], 'DATE'],
    [['2018.01.01'], 'DATE'],
    [['2018-01-01 10:00:00'], 'DATETIME'],
    [['2018.01.01T10:00:00.123'], 'TIMESTAMP'],
    [['2018.01.01T10:00:00.123456789'], 'NANOTIMESTAMP'],
    [['10:00:00.123'], 'TIME'],
    [['10:00m'], 'MINUTE'],
    [['2018.01M'], 'MONTH'],
    [['1', '2.5'], 'DOUBLE'],
    [['1e5'], 'DOUBLE'],
    [['abc', ''], 'SYMBOL'],
    [['x'.repeat(41)], 'STRING'],
    [Array.from({ length: 500 }, (_, k) => `id${k}`), 'STRING'],
  ])('of %j are %s', (texts, type) => expect(typeName(inferType(texts))).toBe(type))

  it('are shown by extractTextSchema', () => {
    expect(shown(call('extractTextSchema', text(fileOf('a,b\n1,x\n'))))).toBe(
      'name type\n---- ------\na    INT\nb    SYMBOL',
    )
  })
})

describe('saveText', () => {
  const path = join(folder, 'out.csv')
  it('writes a header once, quotes where needed, leaves nulls empty', () => {
    const t = new Table(
      ['a', 'b', 'v'],
      [symbols('x,y', 'z'), doubles(0.1, null), new ArrayVector(Int32Array.of(0, 2, 2), ints(1, 2))],
    )
    call('saveText', t, text(path))
    call('saveText', t, text(path), undefined, Scalar.TRUE)
    expect(readFileSync(path, 'utf8')).toBe('a,b,v\n"x,y",0.1,"1,2"\nz,,\n"x,y",0.1,"1,2"\nz,,\n')
  })
  it('writes temporals in their own form', () => {
    call(
      'saveText',
      new Table(['d'], [new FixedVector(T.DATE, Int32Array.of(0))]),
      text(path),
      undefined,
      undefined,
      Scalar.FALSE,
    )
    expect(readFileSync(path, 'utf8')).toBe('1970.01.01\n')
  })
  it('is read back as it was', () => {
    const schema = new Table(['name', 'type'], [strings('s', 'x', 'i'), strings('STRING', 'DOUBLE', 'LONG')])
    const row = fc.record({
      s: fc.string({ unit: 'grapheme', maxLength: 12 }),
      x: fc.double({ noNaN: true }),
      i: fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }),
    })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const t = new Table(
          ['s', 'x', 'i'],
          [
            strings(...rows.map((r) => r.s)),
            doubles(...rows.map((r) => r.x + 0)),
            new FixedVector(
              T.LONG,
              BigInt64Array.from(rows, (r) => r.i),
            ),
          ],
        )
        call('saveText', t, text(path))
        const back = call('loadText', text(path), undefined, schema) as Table
        expect(back.columns.map((c) => Array.from({ length: c.length }, (_, k) => c.raw(k)))).toEqual(
          t.columns.map((c) => Array.from({ length: c.length }, (_, k) => c.raw(k))),
        )
      }),
      { numRuns: 60 },
    )
  })
})
