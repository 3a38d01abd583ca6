/** Clauses over groups, windows and joins against evaluators that are too simple to be wrong: every row looks at all rows, in plain JavaScript. */

import { describe, expect, test } from 'vitest'
import fc from '../../test/properties.ts'
import { FixedVector, NULL_I32, SymbolVector, T, Table } from '../values/index.ts'
import { compact, sqlSession } from './testing.ts'

interface Row {
  readonly id: number
  readonly k: string
  readonly j: number
  readonly x: number | null
  readonly t: number
}

const anyRows = (maxLength: number): fc.Arbitrary<Row[]> =>
  fc
    .array(
      fc.record({
        k: fc.constantFrom('', 'a', 'b'),
        j: fc.integer({ min: 0, max: 2 }),
        x: fc.option(fc.integer({ min: -4, max: 4 })),
        t: fc.integer({ min: 0, max: 12 }),
      }),
      { maxLength },
    )
    .map((rows) => rows.map((r, id) => ({ ...r, id })))

const ints = (values: readonly (number | null)[]): FixedVector =>
  new FixedVector(
    T.INT,
    Int32Array.from(values, (v) => v ?? NULL_I32),
  )

function tableOf(rows: readonly Row[]): Table {
  return new Table(
    ['id', 'k', 'j', 'x', 't'],
    [
      ints(rows.map((r) => r.id)),
      SymbolVector.encode(rows.map((r) => r.k)),
      ints(rows.map((r) => r.j)),
      ints(rows.map((r) => r.x)),
      ints(rows.map((r) => r.t)),
    ],
  )
}

type Cell = string | number | null

const run = (query: string, tables: Readonly<Record<string, Table>>): string => compact(sqlSession(tables).run(query))

/** Header and rows as `compact` writes them. Numbers as they print, with 6 digits after the point. */
const lines = (header: string, rows: readonly (readonly Cell[])[]): string =>
  [header, ...rows.map((r) => r.map(text).join(','))].join('|')

const text = (v: Cell): string =>
  v === null || Number.isNaN(v) ? '' : typeof v === 'number' ? String(Math.round(v * 1e6) / 1e6) : v

const rounded = (result: string): string =>
  result.replace(/-?\d+\.\d+(E-?\d+)?/g, (n) => text(Math.abs(Number(n)) < 5e-7 ? 0 : Number(n)))

const sorted = <X>(rows: readonly X[], ...keys: ((r: X) => Cell)[]): X[] =>
  rows.slice().sort((a, b) => {
    for (const key of keys) {
      const [p, q] = [key(a), key(b)]
      if (p === q) continue
      if (p === null) return -1
      if (q === null) return 1
      return p < q ? -1 : 1
    }
    return 0
  })

const distinct = <X>(values: readonly X[]): X[] => [...new Set(values)]
const valid = (values: readonly (number | null)[]): number[] => values.flatMap((v) => (v === null ? [] : [v]))
const total = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0)
const sum = (values: readonly (number | null)[]): number | null =>
  valid(values).length === 0 ? null : total(valid(values))
const mean = (values: readonly (number | null)[]): number | null =>
  valid(values).length === 0 ? null : total(valid(values)) / valid(values).length

const variance = (values: readonly (number | null)[]): number | null => {
  const v = valid(values)
  if (v.length < 2) return null
  const m = total(v) / v.length
  return total(v.map((y) => (y - m) ** 2)) / (v.length - 1)
}

const median = (values: readonly (number | null)[]): number | null => {
  const v = valid(values).sort((a, b) => a - b)
  if (v.length === 0) return null
  const h = v.length >> 1
  return v.length % 2 === 1 ? v[h] : (v[h - 1] + v[h]) / 2
}

const position = (values: readonly (number | null)[], better: (a: number, b: number) => boolean): number => {
  let best = -1
  values.forEach((v, k) => {
    if (v !== null && (best < 0 || better(v, values[best]!))) best = k
  })
  return best
}

/** Aggregates of x over rows in order. */
const AGGREGATES: Readonly<Record<string, (rows: readonly Row[]) => Cell>> = {
  'sum(x)': (r) => sum(r.map((y) => y.x)),
  'count(x)': (r) => valid(r.map((y) => y.x)).length,
  'avg(x)': (r) => mean(r.map((y) => y.x)),
  'max(x)': (r) => (valid(r.map((y) => y.x)).length === 0 ? null : Math.max(...valid(r.map((y) => y.x)))),
  'min(x)': (r) => (valid(r.map((y) => y.x)).length === 0 ? null : Math.min(...valid(r.map((y) => y.x)))),
  'var(x)': (r) => variance(r.map((y) => y.x)),
  'med(x)': (r) => median(r.map((y) => y.x)),
  'wsum(x, j)': (r) => sum(r.map((y) => (y.x === null ? null : y.x * y.j))),
  'first(id)': (r) => (r.length === 0 ? null : r[0].id),
  'last(id)': (r) => (r.length === 0 ? null : r[r.length - 1].id),
  'imax(x)': (r) =>
    position(
      r.map((y) => y.x),
      (a, b) => a > b,
    ),
  'iminLast(x)': (r) =>
    position(
      r.map((y) => y.x),
      (a, b) => a <= b,
    ),
  'atImax(x, id)': (r) =>
    r[
      position(
        r.map((y) => y.x),
        (a, b) => a > b,
      )
    ]?.id ?? null,
  'firstNot(x)': (r) => valid(r.map((y) => y.x))[0] ?? null,
  'prod(x)': (r) =>
    valid(r.map((y) => y.x)).length === 0 ? null : valid(r.map((y) => y.x)).reduce((a, b) => a * b, 1),
}
const anyAggregate = fc.constantFrom(...Object.keys(AGGREGATES))

describe('clauses against naive evaluators', () => {
  test('having keeps the groups for which it holds', () => {
    fc.assert(
      fc.property(anyRows(30), fc.integer({ min: -5, max: 5 }), (rows, limit) => {
        const groups = sorted(distinct(rows.map((r) => r.k)), (k) => k)
        const expected = groups.flatMap((k) => {
          const own = rows.filter((r) => r.k === k)
          const s = sum(own.map((r) => r.x))
          return (s ?? Number.NEGATIVE_INFINITY) < limit && own.length > 1 ? [[k, s, own.length]] : []
        })
        const query = `select sum(x) as s, count(*) as n from t group by k having sum(x) < ${limit}, count(*) > 1`
        expect(run(query, { t: tableOf(rows) })).toBe(lines('k,s,n', expected))
      }),
      { numRuns: 60 },
    )
  })

  test('context by computes in each group in the order of csort, and limits each group', () => {
    fc.assert(
      fc.property(anyRows(30), fc.boolean(), fc.integer({ min: -3, max: 4 }), (rows, descending, limit) => {
        const sign = descending ? -1 : 1
        const expected = sorted(distinct(rows.map((r) => r.k)), (k) => k).flatMap((k) => {
          const own = sorted(
            rows.filter((r) => r.k === k),
            (r) => sign * r.t,
          )
          let running = 0
          let seen = false
          const out = own.map((r, i) => {
            running += r.x ?? 0
            seen ||= r.x !== null
            const before = i === 0 ? null : own[i - 1].x
            return [r.id, seen && r.x !== null ? running : null, before, own.length]
          })
          return limit < 0 ? out.slice(limit) : out.slice(0, limit)
        })
        const query = `select id, cumsum(x) as c, prev(x) as p, count(*) as n from t context by k csort t ${descending ? 'desc' : 'asc'} limit ${limit}`
        // cumsum repeats its last value at NULL or is NULL there: the function itself says which.
        const actual = run(query.replace('cumsum(x)', 'iif(isNull(x), x, cumsum(x))'), { t: tableOf(rows) })
        expect(actual).toBe(lines('id,c,p,n', expected))
      }),
      { numRuns: 80 },
    )
  })

  test('pivot by has a cell for each pair of keys', () => {
    fc.assert(
      fc.property(anyRows(25), (rows) => {
        const columns = sorted(distinct(rows.map((r) => r.j)), (j) => j)
        const expected = sorted(distinct(rows.map((r) => r.k)), (k) => k).map((k) => [
          k,
          ...columns.map((j) => sum(rows.filter((r) => r.k === k && r.j === j).map((r) => r.x))),
        ])
        const query = 'select sum(x) from t pivot by k, j'
        expect(run(query, { t: tableOf(rows) })).toBe(lines(['k', ...columns].join(','), expected))
      }),
      { numRuns: 60 },
    )
  })

  test('cgroup by aggregates all groups up to each', () => {
    fc.assert(
      fc.property(
        anyRows(25),
        fc.constantFrom('sum(x)', 'count(x)', 'avg(x)', 'max(x)', 'var(x)', 'wsum(x, j)'),
        (rows, call) => {
          const expected = sorted(distinct(rows.map((r) => `${r.k} ${r.j}`)), (key) => key).map((key) => {
            const [k, j] = [key.slice(0, key.indexOf(' ')), Number(key.slice(key.indexOf(' ') + 1))]
            return [k, j, AGGREGATES[call](rows.filter((r) => r.k === k && r.j <= j))]
          })
          const query = `select ${call} as v from t group by k cgroup by j order by k, j`
          expect(rounded(run(query, { t: tableOf(rows) }))).toBe(lines('k,j,v', expected))
        },
      ),
      { numRuns: 80 },
    )
  })

  test('interval makes a window for each step of the range', () => {
    fc.assert(
      fc.property(
        anyRows(20),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('prev', 'post', 'null', 'none'),
        (rows, size, fill) => {
          const expected = sorted(distinct(rows.map((r) => r.k)), (k) => k).flatMap((k) => {
            const own = rows.filter((r) => r.k === k)
            const windows = own.map((r) => Math.floor(r.t / size))
            const out: [string, number, number | null][] = []
            for (let w = Math.min(...windows); w <= Math.max(...windows); w++) {
              const inside = own.filter((r) => Math.floor(r.t / size) === w)
              if (inside.length > 0 || fill !== 'none') out.push([k, w * size, sum(inside.map((r) => r.x))])
            }
            const given = out.map((r) => r[2])
            out.forEach((r, i) => {
              if (given[i] !== null) return
              if (fill === 'prev') r[2] = given.slice(0, i).findLast((v) => v !== null) ?? null
              if (fill === 'post') r[2] = given.slice(i).find((v) => v !== null) ?? null
            })
            return out
          })
          const query = `select sum(x) as s from t group by k, interval(t, ${size}, "${fill}") as w`
          expect(run(query, { t: tableOf(rows) })).toBe(lines('k,w,s', expected))
        },
      ),
      { numRuns: 80 },
    )
  })

  const bound = fc.constantFrom(
    'unbounded preceding',
    '2 preceding',
    'current row',
    '1 following',
    'unbounded following',
  )
  const distance = (b: string): number =>
    b.startsWith('unbounded')
      ? b.endsWith('preceding')
        ? -100
        : 100
      : b === 'current row'
        ? 0
        : b.startsWith('2')
          ? -2
          : 1

  test('analytic functions see their frame', () => {
    fc.assert(
      fc.property(
        anyRows(25),
        anyAggregate,
        fc.constantFrom('rows', 'range'),
        fc
          .tuple(bound, bound)
          .filter(([a, b]) => distance(a) <= distance(b) && a !== 'unbounded following' && b !== 'unbounded preceding'),
        fc.boolean(),
        (rows, call, unit, [low, high], descending) => {
          const sign = descending ? -1 : 1
          const expected = rows.map((r) => {
            const own = sorted(
              rows.filter((y) => y.k === r.k),
              (y) => sign * y.t,
            )
            const at = own.indexOf(r)
            const inFrame = own.filter((y, i) => {
              const d = unit === 'rows' ? i - at : sign * (y.t - r.t)
              return d >= distance(low) && d <= distance(high)
            })
            return [r.id, AGGREGATES[call](inFrame)]
          })
          const written = call.replace(/^(first|last)\(/, '$1_value(')
          const query = `select id, ${written} over (partition by k order by t ${descending ? 'desc' : ''} ${unit} between ${low} and ${high}) as v from t`
          expect(rounded(run(query, { t: tableOf(rows) }))).toBe(lines('id,v', expected))
        },
      ),
      { numRuns: 250 },
    )
  })

  test('ranks count rows before and equal', () => {
    fc.assert(
      fc.property(anyRows(25), (rows) => {
        const expected = rows.map((r) => {
          const own = rows.filter((y) => y.k === r.k)
          const less = own.filter((y) => y.t < r.t)
          const first = own.filter((y) => y.t === r.t && y.id < r.id)
          const order = sorted(own, (y) => y.t)
          const next = order[order.indexOf(r) + 1]
          return [
            r.id,
            less.length + first.length + 1,
            less.length + 1,
            distinct(less.map((y) => y.t)).length + 1,
            own.filter((y) => y.t <= r.t).length / own.length,
            next === undefined ? null : next.id,
          ]
        })
        const over = 'over (partition by k order by t)'
        const query = `select id, row_number() ${over} as n, rank() ${over} as r, dense_rank() ${over} as d, cume_dist() ${over} as c, lead(id) ${over} as l from t`
        expect(rounded(run(query, { t: tableOf(rows) }))).toBe(lines('id,n,r,d,c,l', expected))
      }),
      { numRuns: 60 },
    )
  })

  test('equi joins pair rows with equal keys; NULL matches nothing', () => {
    fc.assert(
      fc.property(anyRows(12), anyRows(12), fc.constantFrom('ej', 'lj', 'fj', 'lsj'), (left, right, kind) => {
        const pairs = left.flatMap((l) => {
          const found = right.filter((r) => l.x !== null && r.x === l.x && l.k !== '' && r.k === l.k)
          const kept = kind === 'lsj' ? found.slice(0, 1) : found
          if (kept.length > 0) return kept.map((r) => [l.id, r.id])
          return kind === 'ej' ? [] : [[l.id, null]]
        })
        const matched = new Set(pairs.map((p) => p[1]))
        const rest = kind === 'fj' ? right.filter((r) => !matched.has(r.id)).map((r) => [null, r.id]) : []
        const query = `select l.id as a, r.id as b from ${kind}(l, r, \`k\`x)`
        expect(run(query, { l: tableOf(left), r: tableOf(right) })).toBe(lines('a,b', [...pairs, ...rest]))
      }),
      { numRuns: 120 },
    )
  })

  test('an as-of join finds the last row that is not after', () => {
    fc.assert(
      fc.property(anyRows(15), anyRows(15), (left, right) => {
        const expected = left.map((l) => {
          const found = sorted(
            right.filter((r) => l.k !== '' && r.k === l.k && r.t <= l.t),
            (r) => r.t,
          )
          return [l.id, found.at(-1)?.id ?? null]
        })
        const query = 'select l.id as a, r.id as b from aj(l, r, `k`t)'
        expect(run(query, { l: tableOf(left), r: tableOf(right) })).toBe(lines('a,b', expected))
      }),
      { numRuns: 80 },
    )
  })

  test('window joins aggregate the rows in the window of each row', () => {
    fc.assert(
      fc.property(
        anyRows(15),
        anyRows(20),
        // Of equal extremes the last counts in a window join.
        anyAggregate.filter((c) => c !== 'atImax(x, id)'),
        fc.integer({ min: -5, max: 3 }),
        fc.integer({ min: 0, max: 4 }),
        fc.boolean(),
        (left, right, call, from, width, prevailing) => {
          const to = from + width
          fc.pre(from !== 0 || to !== 0)
          const expected = left.map((l) => {
            const own = sorted(
              right.filter((r) => l.k !== '' && r.k === l.k),
              (r) => r.t,
            )
            const low = l.t + from
            const inside = own.filter((r) => r.t >= low && r.t <= l.t + to)
            const exact = inside.filter((r) => r.t === low)
            if (prevailing && exact.length > 0) inside.splice(0, exact.length - 1)
            const before = own.filter((r) => r.t < low).at(-1)
            if (prevailing && exact.length === 0 && before !== undefined) inside.unshift(before)
            return [l.id, AGGREGATES[call](inside)]
          })
          const query = `select id, v from ${prevailing ? 'pwj' : 'wj'}((select id, k, t from l), r, ${from}:${to}, <${call} as v>, \`k\`t)`
          expect(rounded(run(query, { l: tableOf(left), r: tableOf(right) }))).toBe(lines('id,v', expected))
        },
      ),
      { numRuns: 200 },
    )
  })
})
