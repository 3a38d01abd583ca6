/** Functions that belong to queries: row numbers and what the last modification did. */
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

define('matchedRowCount()', {
  doc: 'Rows that the last insert, update or delete statement of the session concerned.',
  call: (_args, session) => Scalar.int(matchedRowCount(session)),
})

export const sqlBuiltins = entries
