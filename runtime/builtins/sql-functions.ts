/** Functions that belong to queries: row numbers and what the last modification did. */
import { inputError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import { asColumn, stack } from '../sql/columns.ts'
import { rowNumbers } from '../sql/evaluate.ts'
import { matchedRowCount } from '../sql/row-count.ts'
import { Scalar, T } from '../values/index.ts'
import { sizeError } from './args.ts'

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

define("roll(X, step, [stepType='time'], [fill='none'], [closed='left'], [origin='start_day'], [exclude], [label])", {
  doc: "Only as the first item of a select with CONTEXT BY: the other items are computed over windows that move by step and give one row each. stepType 'time': X is DATETIME, TIMESTAMP, NANOTIME or NANOTIMESTAMP, step a DURATION, counted from midnight of the first day, from the first value ('start') or from 1970 ('epoch'), and roll is the end of the step; 'row': step rows; 'volume' and 'cumvol': rows until their volume X, or what the sum X grew by, reaches step; 'window': step is a tuple of the starts and the ends of windows of the type of X, and roll is their label. Otherwise roll is the last X of the step. Aggregates see the rows of the step, columns their last row; mavg(x, w) and its kind see w (a DURATION, else w steps, or w rows where rows are counted), tmavg(t, x, w) and its kind w of time. Windows without rows are left out, or ('null', 'prev') are null or repeat the row before. closed 'right' takes the end of a window instead of its start. exclude is a tuple of pairs of times of day without windows. What is left of rows or volume at the end of a group gives no row.",
  call: () => {
    throw inputError('The function roll can be used only as the first item of a SELECT with CONTEXT BY.', {
      code: 'roll',
    })
  },
})

define('coalesce(X1, X2, args...)', {
  doc: 'The first argument that is not NULL, element by element. X1 is a scalar or a vector; later arguments are scalars or vectors as long. The result has the type that holds all of them; where all are NULL it is NULL.',
  kind: 'element',
  call: (args) => {
    const values = args.map((a) => {
      if (a?.kind === 'scalar' || (a?.kind === 'vector' && a.storage !== 'array')) return a
      throw inputError('Usage: coalesce(X1, X2, args...). The arguments must be scalars or vectors.', { code: 'usage' })
    })
    const vector = values.find((v) => v.kind === 'vector')
    if (vector === undefined) return values.find((v) => v.kind === 'scalar' && !v.isNull()) ?? values[0]
    // The untyped NULL adds nothing to any element.
    const typed = values.filter((v) => v.type !== T.VOID)
    const columns = typed.map((v) => {
      const column = asColumn(v, vector.length)
      if (column === undefined) throw sizeError()
      return column
    })
    const rows = vector.length
    if (rows === 0) return vector
    const from = new Int32Array(rows)
    for (let k = 0; k < rows; k++) {
      let c = 0
      while (c + 1 < columns.length && columns[c].isNullAt(k)) c++
      from[k] = c * rows + k
    }
    return stack(columns).gather(from)
  },
})

define('matchedRowCount()', {
  doc: 'Rows that the last insert, update or delete statement of the session concerned.',
  call: (_args, session) => Scalar.int(matchedRowCount(session)),
})

export const sqlBuiltins = entries
