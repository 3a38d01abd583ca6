/** Functions that belong to queries: row numbers and what the last modification did. */
import { inputError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import { rowNumbers } from '../sql/evaluate.ts'
import { matchedRowCount } from '../sql/row-count.ts'
import { Scalar } from '../values/index.ts'

const { entries, define } = topicTable('SQL')

define('rowNo(X)', {
  doc: 'Numbers 0, 1, 2 ... as long as X: the row number in the result of a query, or in the group under context by.',
  kind: 'vector',
  call: ([x]) => {
    if (x?.kind !== 'vector') return Scalar.int(0)
    return rowNumbers(x.length)
  },
})

define(
  "interval(X, duration, fill, [step], [explicitOffset=false], [closed='left'], [label='left'], [origin='epoch'])",
  {
    doc: "Only in GROUP BY: groups the integral or temporal column X into windows of the given duration that cover its whole range, in each group of the other keys. fill ('prev', 'post', 'linear', 'null', 'none' or a number) says what stands in for results that are NULL or of windows without rows. Windows begin at multiples of step (default: duration, which it must divide), at the lower bound of X in the where clause (explicitOffset), or as origin says: 'epoch', 'start', 'start_day', 'end', 'end_day' or a time. Bounds of X in the where clause extend the range.",
    call: () => {
      throw inputError('The function interval can be used in a GROUP BY clause only.', { code: 'interval' })
    },
  },
)

define('matchedRowCount()', {
  doc: 'Rows that the last insert, update or delete statement of the session concerned.',
  call: (_args, session) => Scalar.int(matchedRowCount(session)),
})

export const sqlBuiltins = entries
