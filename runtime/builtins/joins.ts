/**
 * Joins as functions of two tables. The names of the tables come from the call as written (`ej(t as a, t as b, `id)`); called through
 * a function value the tables have no names, and a right column that clashes is called `right_<column>`.
 */
import { labelsOf } from '../compile/labels.ts'
import { inputError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import { joinByNames, stringsOf, toTable } from '../sql/from.ts'
import type { JoinKind } from '../sql/joins.ts'
import { Relation } from '../sql/relation.ts'
import { windowJoin } from '../sql/window-join.ts'
import { FixedVector, T, Table, type Value } from '../values/index.ts'
import { type Arg, isGiven } from './args.ts'

const { entries, define } = topicTable('Joins')

function join(kind: JoinKind, args: readonly Arg[], sorted = false): Table {
  const [leftName, rightName] = labelsOf(args)
  const left = tableArgument(args[0], leftName, 'left', 'S02013')
  const right = tableArgument(args[1], rightName, 'right', 'S02014')
  const filters = { left: filterArgument(args[4], left), right: filterArgument(args[5], right) }
  const columns = isGiven(args[2]) ? stringsOf(args[2]) : []
  const rightColumns = isGiven(args[3]) ? stringsOf(args[3]) : columns
  return toTable(joinByNames(kind, left, right, columns, rightColumns, filters, sorted))
}

/** A condition on the columns of a table (`t1.id == 3`) has come to a value for each of its rows. */
function filterArgument(filter: Arg, { rows }: Relation): Uint8Array | undefined {
  if (!isGiven(filter)) return undefined
  if (filter instanceof FixedVector && filter.type === T.BOOL && filter.length === rows)
    return Uint8Array.from({ length: rows }, (_, k) => ((filter.data[k] as number) > 0 ? 1 : 0))
  throw inputError(
    'A filter of a join must be a condition on columns of the table, true or false for each row: t1.id == 3.',
    { code: 'joinFilter' },
  )
}

function tableArgument(value: Arg, name: string | null, side: string, refId: string): Relation {
  if (value instanceof Table) return Relation.ofTable(value, name ?? value.sharedName ?? side)
  const hint =
    value?.kind === 'source' ? 'a partitioned table takes part in joins of queries: select * from ej(...)' : undefined
  throw inputError(`The ${side} part of a join must be a table${hint === undefined ? '' : ' in memory'}.`, {
    refId,
    hint,
  })
}

const RULES =
  'Result: all left columns, then the right columns without the join columns; a right column whose name is taken is called <rightTable>_<column>. NULL keys match nothing.'

const joins: readonly [string, JoinKind, string][] = [
  ['ej', 'inner', 'Equi join: every pair of rows with equal keys, in the order of the left table.'],
  ['lj', 'left', 'Left join: every left row with all its matches, or with NULLs.'],
  ['lsj', 'leftSemi', 'Left semi join: every left row once, with its first match or NULLs.'],
]
for (const [name, kind, doc] of joins)
  define(`${name}(leftTable, rightTable, matchingCols, [rightMatchingCols], [leftFilter], [rightFilter])`, {
    doc: `${doc} ${RULES}`,
    call: (args): Value => join(kind, args),
  })

define('sej(leftTable, rightTable, matchingCols, [rightMatchingCols], [leftFilter], [rightFilter])', {
  doc: `Equi join sorted by the key columns. ${RULES}`,
  call: (args): Value => join('inner', args, true),
})

define('fj(leftTable, rightTable, matchingCols, [rightMatchingCols])', {
  doc: 'Full join: the rows of the left join, then the right rows without a match. The right join columns stay in the result.',
  call: (args): Value => join('full', args),
})

define('aj(leftTable, rightTable, matchingCols, [rightMatchingCols])', {
  doc: 'As-of join: for each left row the right row with equal leading keys and the greatest last key (a time) that is not after the left one; of equal ones the last. The right last key stays in the result.',
  call: (args): Value => join('asof', args),
})

define('cj(leftTable, rightTable)', {
  doc: 'Cross join: every left row with every right row, left rows slowest.',
  call: (args): Value => join('cross', args),
})

define('pj(leftTable, rightTable, matchingCols, [rightMatchingCols])', {
  doc: 'Prefix join of one string column: every left row with every right row whose text its own text begins with, in left order. The right join column stays in the result.',
  call: (args): Value => join('prefix', args),
})

for (const [name, doc] of [
  [
    'wj',
    'Window join: all left columns, and aggregates of the right rows with equal leading keys whose last key is in [t+w1, t+w2], t being the last key of the left row. window is a pair of integers or durations; 0:0 means from the last key of the left row before (inclusive) to t (exclusive).',
  ],
  [
    'pwj',
    'Prevailing window join: like wj, but if no right row stands exactly at t+w1, the last one before belongs to the window as well; if several do, only the last of them does.',
  ],
] as const)
  define(`${name}(leftTable, rightTable, window, aggs, matchingCols, [rightMatchingCols])`, {
    doc: `${doc} aggs is metacode or a tuple of it: <avg(bid)>, <[wavg(bid, vol), max(ask) as m]>; a plain right column gives an array vector. The right table must be in memory.`,
    call: ([left, right, window, aggs, matchingCols, rightMatchingCols], session): Value => {
      const [leftName, rightName] = labelsOf([left, right])
      const columns = isGiven(matchingCols) ? stringsOf(matchingCols) : []
      if (!isGiven(window) || !isGiven(aggs))
        throw inputError(`The function ${name} needs window and aggs.`, { code: 'windowJoin' })
      return toTable(
        windowJoin(
          {
            left: tableArgument(left, leftName, 'left', 'S02013'),
            right: tableArgument(right, rightName, 'right', 'S02014'),
            window,
            aggs,
            columns,
            rightColumns: isGiven(rightMatchingCols) ? stringsOf(rightMatchingCols) : columns,
            prevailing: name === 'pwj',
          },
          session,
        ),
      )
    },
  })

export const joinBuiltins = entries
