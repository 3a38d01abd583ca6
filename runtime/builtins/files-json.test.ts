import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { displayValue } from '../print/index.ts'
import { daysFromCivil } from '../temporal/calendar.ts'
import { Dict, Matrix, Pair, SetValue } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T } from '../values/types.ts'
import { ArrayVector } from '../values/vector.ts'
import { eqValues } from './equality.ts'
import { libraryBuiltins } from './library-index.ts'
import {
  bools,
  doubles,
  int,
  ints,
  library,
  longs,
  scalar,
  strings,
  symbols,
  text,
  tuple,
  vector,
} from './library-testing.ts'

const { call, show } = library(libraryBuiltins)
const folder = mkdtempSync(join(tmpdir(), 'files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string): string => join(folder, name)

describe('file handles', () => {
  it('write lines and read them back', () => {
    const out = call('file', text(path('a.txt')), text('w'))
    expect(call('writeLine', out, text('one'))).toEqual(int(1))
    expect(call('writeLines', out, strings('two', 'three'))).toEqual(int(2))
    call('close', out)
    expect(readFileSync(path('a.txt'), 'utf8')).toBe('one\ntwo\nthree\n')
    const input = call('file', text(path('a.txt')))
    expect(show('readLine', input)).toBe('one')
    expect(show('readLines', input, int(10))).toBe('["two","three"]')
    expect(call('readLine', input)).toBe(Scalar.VOID)
    expect(show('seek', input, int(4))).toBe('4')
    expect(show('readLine', input)).toBe('two')
    call('close', input)
    expect(() => call('readLine', input)).toThrow('is closed')
  })
  it('append, mix reading and writing, and cross buffer borders', () => {
    const long = 'x'.repeat(70_000)
    const h = call('file', text(path('b.txt')), text('w+'))
    call('writeLine', h, text(long))
    call('writeLine', h, text('end'))
    call('seek', h, int(0))
    expect((call('readLine', h) as Scalar).value).toBe(long)
    expect(show('readLine', h)).toBe('end')
    call('close', h)
    const a = call('file', text(path('b.txt')), text('a'))
    call('writeLine', a, text('more'))
    call('close', a)
    expect(readFileSync(path('b.txt'), 'utf8').endsWith('end\nmore\n')).toBe(true)
  })
  it('carry binary values', () => {
    const h = call('file', text(path('c.bin')), text('w+'))
    expect(call('write', h, ints(1, 2, 3))).toEqual(int(3))
    call('seek', h, int(4), text('HEAD'))
    const holder = ints(0, 0, 0, 0)
    expect(call('read!', h, holder, int(1), int(5))).toEqual(int(2))
    expect(displayValue(holder)).toBe('[0,2,3,0]')
    expect(show('seek', h, int(0), text('TAIL'))).toBe('12')
    expect(() => call('readBytes', h, int(1))).toThrow('end of the file')
    call('close', h)
  })
  it('refuse unknown modes and missing files', () => {
    expect(() => call('file', text(path('zz')), text('q'))).toThrow('Invalid file mode [q]')
    expect(() => call('file', text(path('zz')))).toThrow('Failed to open file')
    expect(() => call('readLine', int(1))).toThrow('handle must be an open file')
  })
})

describe('folders', () => {
  it('are made, listed and removed', () => {
    const dir = path('d')
    call('mkdir', text(dir))
    writeFileSync(join(dir, 'x.csv'), 'abc')
    writeFileSync(join(dir, 'y.txt'), '')
    const t = call('files', text(dir)) as Table
    expect(t.names).toEqual(['filename', 'isDir', 'fileSize', 'lastAccessed', 'lastModified'])
    expect(displayValue(t.columns[0])).toBe('["x.csv","y.txt"]')
    expect(displayValue(t.columns[2])).toBe('[3,0]')
    expect((call('files', text(dir), text('%.csv')) as Table).rows).toBe(1)
    expect(show('exists', strings(dir, path('nope')))).toBe('[true,false]')
    expect(() => call('rmdir', text(dir))).toThrow(/Failed to remove directory \[.*\] with error code \d+/)
    call('rm', text(join(dir, 'x.csv')))
    call('rmdir', text(dir), Scalar.TRUE)
    expect(existsSync(dir)).toBe(false)
    expect(() => call('mkdir', text(path('p/q')))).toThrow('Failed to create directory')
    call('saveTextFile', text('hi'), text(path('t')))
    call('saveTextFile', text('!'), text(path('t')), Scalar.TRUE)
    expect(readFileSync(path('t'), 'utf8')).toBe('hi!')
  })
})

describe('JSON', () => {
  const t = (): Table => new Table(['id', 'val'], [ints(1, null), doubles(7.8, 4.6)])
  const instant = scalar(T.DATETIME, daysFromCivil(2020, 1, 2) * 86400 + 60)
  const cases: [Value, string][] = [
    [t(), '[{"id": 1,"val": 7.8},{"id": null,"val": 4.6}]'],
    [ints(1, 2, 3), '[1, 2, 3]'],
    [new Dict(T.STRING, T.INT, new Map([['a', int(1)]])), '{"a": 1}'],
    [instant, '"2020.01.02 00:01:00"'],
    [strings('a"b', ''), '["a\\"b", ""]'],
    [bools(1, 0), '[true, false]'],
    [tuple(int(1), text('x')), '[1, "x"]'],
  ]
  it.each(cases.map(([v, json]) => [json, v] as const))('toStdJson gives %s', (json, v) =>
    expect(call('toStdJson', v)).toEqual(text(json)),
  )

  it('fromStdJson reads objects, arrays and temporals', () => {
    expect(show('fromStdJson', text('{"a": [1, 2.5], "b": "2020.01.02", "c": null, "d": {"e": true}}'))).toBe(
      'a->[1,2.5]\nb->2020.01.02\nc->\nd->\n    e->true\n',
    )
    expect(() => call('fromStdJson', text('{'))).toThrow('Invalid JSON')
  })

  it('refuses forms without a JSON form', () => {
    expect(() => call('toStdJson', new Matrix(ints(1), 1, 1))).toThrow('has no standard JSON form')
    expect(() => call('toStdJson', scalar(T.UUID, 1n))).toThrow('UUID has no standard JSON form')
  })

  const objects: [string, Value][] = [
    ['scalar', scalar(T.TIMESTAMP, 1234567890123n)],
    ['null', Scalar.nullOf(T.DOUBLE)],
    ['long', scalar(T.LONG, 2n ** 62n)],
    ['vector', ints(1, null, 3)],
    ['longs', longs(1, 2)],
    ['texts', strings('a', '')],
    ['tuple', tuple(int(1), strings('x'))],
    ['pair', new Pair(T.INT, 1, 2)],
    ['set', new SetValue(T.STRING, new Set(['a']))],
    ['dict', new Dict(T.INT, T.ANY, new Map<number, Value>([[1, ints(1)]]))],
    ['table', new Table(['s', 'd'], [symbols('a', 'b'), vector(T.DATE, 1, 2)])],
    ['matrix', new Matrix(doubles(1, 2), 1, 2, undefined, strings('x', 'y'))],
    ['decimal', new Scalar(T.DECIMAL64, 12345n, 2)],
    ['uuid', vector(T.UUID, 5n)],
    ['array vector', new ArrayVector(Int32Array.of(0, 2, 3), ints(1, 2, 3))],
  ]
  it.each(objects)('fromJson gives back a %s', (_name, v) =>
    expect(eqValues(call('fromJson', call('toJson', v)), v)).toBe(true),
  )

  it('jsonExtract follows keys and positions', () => {
    const json = text('{"a": [10, {"b": "x"}], "c": 2.5}')
    expect(show('jsonExtract', json, text('c'), text('DOUBLE'))).toBe('2.5')
    expect(show('jsonExtract', json, tuple(text('a'), int(1)), text('INT'))).toBe('10')
    expect(show('jsonExtract', json, tuple(text('a'), int(-1), text('b')), text('STRING'))).toBe('x')
    expect(show('jsonExtract', json, text('nope'), text('INT'))).toBe('00i')
  })
  it('parseJsonTable makes rows of objects', () => {
    const rows = text('{"a": 1, "b": "x"}{"a": 2}')
    expect(show('parseJsonTable', rows)).toBe('a b\n- -\n1 x\n2 ')
    const schema = new Table(['name', 'type'], [strings('a'), strings('INT')])
    expect((call('parseJsonTable', rows, schema) as Table).columns[0].type).toBe(T.INT)
  })
})
