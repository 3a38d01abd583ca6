import { describe, expect, it } from 'vitest'
import { displayValue } from '../print/index.ts'
import { builtin } from '../registry.ts'
import { Dict, Matrix, Pair } from '../values/forms.ts'
import { BuiltinFunction } from '../values/function.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { SourceTable, Table, type TableSource } from '../values/table.ts'
import { T } from '../values/types.ts'
import { ArrayVector, type SymbolVector } from '../values/vector.ts'
import { libraryBuiltins } from './library-index.ts'
import { bools, doubles, int, ints, library, longs, strings, symbols, text, tuple } from './library-testing.ts'
import { makeTable } from './tables.ts'

const { show, call, session } = library(libraryBuiltins)
const quotes = (): Table => new Table(['sym', 'price'], [symbols('IBM', 'GS'), doubles(10.5, 20)])
const shown = (v: Value): string => displayValue(v).replaceAll(/ +$/gm, '')

describe('making tables', () => {
  it('from named columns; scalars repeat, matrices and tuples of vectors spread', () => {
    expect(shown(makeTable(['a', 'b'], [ints(1, 2), text('x')]))).toBe('a b\n- -\n1 x\n2 x')
    const m = new Matrix(ints(1, 2, 3, 4), 2, 2)
    expect(makeTable([''], [m]).names).toEqual(['C0', 'C1'])
    m.colLabels = strings('x', 'y')
    expect(makeTable([''], [m]).names).toEqual(['x', 'y'])
    expect(makeTable(['t'], [tuple(ints(1, 2), ints(3, 4))]).names).toEqual(['C0', 'C1'])
    expect(shown(makeTable(['t'], [tuple(ints(1, 2), ints(3))]))).toBe('t\n-----\n[1,2]\n[3]')
  })
  it('from column types, prefilled with zeros', () => {
    const t = call(
      'table',
      new Pair(T.INT, 10, 2),
      strings('a', 'b', 'c', 'd'),
      tuple(int(T.INT), text('STRING'), text('BOOL'), text('DECIMAL32(3)')),
    )
    expect(shown(t)).toBe('a b c     d\n- - ----- -----\n0   false 0.000\n0   false 0.000')
    expect(show('table', new Pair(T.INT, 0, 0), strings('a', 'v'), strings('SYMBOL', 'INT[]'))).toBe('a v\n- -')
  })
  it('refuses unequal lengths, equal names and void columns', () => {
    expect(() => makeTable(['a', 'b'], [ints(1), ints(1, 2)])).toThrow(
      'All columns must be of the same length. RefId: S02010',
    )
    expect(() => makeTable(['a', 'a'], [ints(1), ints(1)])).toThrow('Duplicate column name: [a]. RefId: S02001')
    expect(() => makeTable(['a'], [Scalar.VOID])).toThrow('Not allowed to create void vector')
  })
  it('with shared columns frozen once a variable holds them', () => {
    const v = ints(1, 2)
    v.owned = true
    makeTable(['a'], [v])
    expect(v.frozen).toBe(true)
  })
})

describe('appending rows', () => {
  it('goes by position, converts, and ignores names', () => {
    const t = quotes()
    call('append!', t, new Table(['x', 'y'], [strings('MS', 'GS'), ints(1, 2)]))
    expect(shown(t)).toBe('sym price\n--- -----\nIBM 10.5\nGS  20\nMS  1\nGS  2')
    expect((t.columns[0] as SymbolVector).base.symbols).toEqual(['', 'IBM', 'GS', 'MS'])
  })
  it('takes tables, tuples, dictionaries and column values in tableInsert, and counts rows', () => {
    const t = quotes()
    expect(call('tableInsert', t, text('A'), Scalar.double(1))).toEqual(int(1))
    expect(call('tableInsert', t, tuple(strings('B', 'C'), ints(1, 2)))).toEqual(int(2))
    const row = new Dict(T.STRING, T.ANY, new Map<string, Value>([['price', Scalar.double(9)]]))
    expect(call('tableInsert', t, row)).toEqual(int(1))
    expect(shown(t.columns[0])).toBe('["IBM","GS","A","B","C",]')
    const rows = new Table(['k', 'v'], [ints(), new ArrayVector(new Int32Array(1), ints())])
    call('tableInsert', rows, int(1), ints(1, 2, 3))
    call('tableInsert', rows, ints(2, 3), tuple(ints(4), ints(5, 6)))
    expect(shown(rows)).toBe('k v\n- -------\n1 [1,2,3]\n2 [4]\n3 [5,6]')
  })
  it('writes no column when one does not fit', () => {
    const t = quotes()
    expect(() => call('append!', t, new Table(['x', 'y'], [strings('MS'), strings('x')]))).toThrow(
      'The column [price] expects type of DOUBLE, but the actual type is STRING. RefId: S05004',
    )
    expect(() => call('append!', t, new Table(['x'], [strings('MS')]))).toThrow('The number of columns')
    expect(() => call('tableInsert', t, strings('a', 'b'), ints(1))).toThrow('All columns must be of the same length')
    expect(t.rows).toBe(2)
  })
  it('leaves frozen columns alone', () => {
    const t = quotes()
    const price = t.columns[1]
    price.frozen = true
    call('append!', t, quotes())
    expect(price.length).toBe(2)
    expect(t.columns[1].length).toBe(4)
  })
  it('goes to a source as one table', () => {
    const got: Table[] = []
    const source = {
      name: 'dfs://d/t',
      schema: () => [{ name: 'a', type: T.INT }],
      partitionColumns: () => ['a'],
      append: (rows: Table) => got.push(rows),
    } as unknown as TableSource
    const handle = new SourceTable(source)
    expect(call('append!', handle, new Table(['x'], [ints(1)]))).toBe(handle)
    expect(call('tableInsert', handle, new Table(['x'], [ints(1)]))).toEqual(int(2))
    expect(() => call('dropColumns!', handle, text('a'))).toThrow('is read only')
    expect(shown((call('schema', handle) as Dict).entries.get('partitionColumnIndex') as Value)).toBe('0')
  })
})

describe('keyed tables', () => {
  it('replace the row of a known key', () => {
    const t = call('keyedTable', text('sym'), quotes()) as Table
    call('append!', t, new Table(['s', 'p'], [strings('GS', 'MS', 'MS'), doubles(1, 2, 3)]))
    expect(shown(t)).toBe('sym price\n--- -----\nIBM 10.5\nGS  1\nMS  3')
  })
  it('with several key columns', () => {
    const t = call(
      'keyedTable',
      strings('a', 'b'),
      new Pair(T.INT, 1, 0),
      strings('a', 'b', 'c'),
      ints(T.INT, T.INT, T.INT),
    ) as Table
    call('tableInsert', t, ints(1, 1, 1), ints(1, 2, 1), ints(7, 8, 9))
    expect(shown(t)).toBe('a b c\n- - -\n1 1 9\n1 2 8')
  })
  it('upsert! updates by key and inserts the rest', () => {
    const t = quotes()
    call('upsert!', t, new Table(['s', 'p'], [strings('GS', 'MS'), doubles(null, 2)]), Scalar.TRUE, text('sym'))
    expect(shown(t)).toBe('sym price\n--- -----\nIBM 10.5\nGS  20\nMS  2')
    expect(
      show('tableUpsert', t, new Table(['s', 'p'], [strings('GS', 'X'), doubles(5, 6)]), Scalar.FALSE, text('sym')),
    ).toBe('1 : 1')
  })
})

describe('columns', () => {
  it('update! creates and changes columns', () => {
    const t = quotes()
    call('update!', t, text('qty'), longs(1, 2))
    call('update!', t, text('price'), int(3))
    expect(shown(t)).toBe('sym price qty\n--- ----- ---\nIBM 3     1\nGS  3     2')
    call('update!', t, text('qty'), int(9), bools(0, 1))
    expect(shown(t.columns[2])).toBe('[1,9]')
    expect(() => call('update!', t, text('z'), ints(1, 2, 3))).toThrow('RefId: S05014')
  })
  it('are dropped, added, replaced, ordered and renamed', () => {
    const t = quotes()
    call('addColumn', t, strings('n', 'd'), ints(T.INT, T.DATE))
    expect(shown(t)).toBe('sym price n d\n--- ----- - -\nIBM 10.5\nGS  20')
    call('replaceColumn!', t, text('n'), strings('x', 'y'))
    call('reorderColumns!', t, strings('n', 'sym'))
    expect(t.names).toEqual(['n', 'sym', 'price', 'd'])
    call('dropColumns!', t, strings('d', 'price'))
    call('rename!', t, text('n'), text('label'))
    expect(shown(t)).toBe('label sym\n----- ---\nx     IBM\ny     GS')
    call('rename!', t, strings('a', 'b'))
    expect(t.names).toEqual(['a', 'b'])
    expect(() => call('rename!', t, strings('a', 'b', 'c'))).toThrow('more names than columns')
    expect(() => call('rename!', t, text('a'), text('b'))).toThrow('Duplicate column name')
    expect(() => call('dropColumns!', t, text('zz'))).toThrow('The column [zz] does not exist.')
  })
  it('sortBy! sorts rows', () => {
    const t = new Table(['k', 'v'], [strings('b', 'a', 'b'), ints(1, 2, 3)])
    call('sortBy!', t, strings('k', 'v'), bools(1, 0))
    expect(shown(t)).toBe('k v\n- -\na 2\nb 3\nb 1')
  })
  it('schema lists them', () => {
    const d = call('schema', new Table(['a'], [ints(1)])) as Dict
    expect(shown(d.entries.get('colDefs') as Value)).toBe(
      'name typeString typeInt extra comment\n---- ---------- ------- ----- -------\na    INT        4',
    )
  })
  it('erase! removes the selected rows', () => {
    const t = new Table(['x'], [ints(1, 2, 3)])
    call('erase!', t, bools(1, 0, 1))
    expect(shown(t)).toBe('x\n-\n2')
  })
  it('unionAll joins by position or by name', () => {
    const a = new Table(['x', 'y'], [ints(1), strings('a')])
    const b = new Table(['y', 'z'], [longs(2), strings('b')])
    expect(show('unionAll', a, b)).toBe('x y\n- -\n1 a\n2 b')
    const c = new Table(['y', 'x'], [strings('q'), ints(5)])
    expect(show('unionAll', a, c, Scalar.TRUE)).toBe('x y\n- -\n1 a\n5 q')
    const d = new Table(['x', 'n'], [ints(7), doubles(0.5)])
    expect(shown(call('unionAll', a, d, Scalar.TRUE))).toBe('x y n\n- - ---\n1 a\n7   0.5')
  })
})

describe('dictionaries and sets', () => {
  const d = (): Dict => call('dict', strings('a', 'b'), ints(1, 2)) as Dict
  const cases: [string, (Value | undefined)[], string][] = [
    ['dict', [strings('a', 'b', 'a'), ints(1, 2, 3)], 'a->3\nb->2'],
    ['dict', [ints(1), text('x')], '1->x'],
    ['dict', [symbols('a', 'b'), tuple(ints(1, 2), text('x'))], 'a->[1,2]\nb->x'],
    ['set', [ints(4, 3, 4)], 'set(4,3)'],
    ['set', [symbols('x', 'y', 'x')], 'set("x","y")'],
    ['keys', [d()], '["a","b"]'],
    ['values', [d()], '[1,2]'],
    ['keys', [call('set', ints(2, 1))], '[2,1]'],
    ['keys', [quotes()], '["sym","price"]'],
    ['values', [quotes()], '(["IBM","GS"],[10.5,20])'],
    ['append!', [d(), call('dict', strings('c'), ints(9))], 'a->1\nb->2\nc->9'],
    ['isOrderedDict', [d()], 'false'],
    ['isOrderedDict', [call('dict', int(T.INT), int(T.INT), Scalar.TRUE)], 'true'],
  ]
  it.each(cases.map(([name, args, expected]) => [name, expected, args] as const))(
    '%s gives %s',
    (name, expected, args) => expect(show(name, ...args)).toBe(expected),
  )
  it('dict of two types is empty and typed', () => {
    const e = call('dict', text('INT'), text('DOUBLE')) as Dict
    expect([e.keyType, e.valueType, e.entries.size]).toEqual([T.INT, T.DOUBLE, 0])
  })
  it('dictUpdate! calls the function on what is there', () => {
    const add = new BuiltinFunction(
      builtin('test', 'add(X, Y)', {
        doc: '',
        call: ([x, y]) => int(Number((x as Scalar).value) + Number((y as Scalar).value)),
      }),
    )
    expect(show('dictUpdate!', d(), add, strings('a', 'c'), ints(10, 20))).toBe('a->11\nb->2\nc->20')
  })
  it('syncDict shares under a name', () => {
    const s = call('syncDict', int(T.INT), int(T.INT), text('shared1'))
    expect(session.shared.get('shared1')).toBe(s)
    expect(() => call('syncDict', int(T.INT), int(T.INT), text('shared1'))).toThrow('is shared already')
  })
  it('refuse keys and values of different length', () =>
    expect(() => call('dict', ints(1, 2), ints(1, 2, 3))).toThrow('Incompatible vector size'))
})
