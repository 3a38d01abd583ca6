import { describe, expect, test } from 'vitest'
import { compact, sqlSession } from './testing.ts'

const session = sqlSession()
session.run('t = table(1 2 as ID, 3 4 as check, 5 6 as qty, [09:30:00, 09:31:00] as time, `a`b as sym)')

/** Items and the names of their columns (SQL reference, section 2.1). */
const cases: readonly (readonly [string, string])[] = [
  ['qty', 'qty'],
  ['t.qty', 'qty'],
  ['1, qty', '1,qty'],
  ['sum(qty)', 'sum_qty'],
  ['time.minute()', 'minute_time'],
  ['count(*)', 'count'],
  ['max(qty+1)', 'max'],
  ['sum(first(qty)+qty)', 'sum'],
  ['ID+check', 'ID_add'],
  ['ID*check', 'ID_mul'],
  ['max(ID)-min(check)', 'max_ID_sub'],
  ['ID+check+qty', 'ID_add'],
  ['last(qty)\\first(qty)-1', 'last_qty_ratio'],
  ['1+ID', '1_add'],
  ['ID>1', 'ID_gt'],
  ['ID=1', 'ID_eq'],
  ['-ID', 'ID_neg'],
  ['sym in `a`c', 'sym_in'],
  ['sum(qty) as total', 'total'],
  // A column that is called like a function, with an alias behind it; where both are columns the function is meant.
  ['time t1, qty', 't1,qty'],
  ['qty, time t1', 'qty,t1'],
  ['sym time', 'time'],
  ['time qty', 'time_qty'],
  ['last qty', 'last_qty'],
]

describe('names of select items', () => {
  for (const [item, names] of cases)
    test(`${item} is called ${names}`, () => {
      expect(compact(session.run(`select ${item} from t`)).split('|')[0]).toBe(names)
    })
})
