import { describe, expect, test } from 'vitest'
import { compact, sqlSession } from './testing.ts'

/** The table of the documentation's examples. */
const TRADES = `
t = table(\`C\`MS\`MS\`MS\`IBM\`IBM\`C\`C\`C as sym, 49.6 29.46 29.52 30.02 174.97 175.23 50.76 50.32 51.29 as price, 2200 1900 2100 3200 6800 5400 1300 2500 8800 as qty, [09:34:07,09:36:42,09:36:51,09:36:59,09:32:47,09:35:26,09:34:16,09:34:26,09:38:12] as timestamp)
u = table(1 2 3 4 as id, [5, , 7, 8] as x, \`a\`b\`a\`c as k)
`
const session = sqlSession()
session.run(TRADES)

const cases: readonly (readonly [string, string, string])[] = [
  ['a constant item gives one row', 'select 3 from t', '3|3'],
  ['count(*) is a column named count', 'select count(*) from t', 'count|9'],
  ['exec of an aggregate is a scalar', 'exec count(*) from t', '9'],
  ['exec of one column is a vector', 'exec qty from t where sym=`MS', '[1900,2100,3200]'],
  ['exec of several columns is a table', 'exec sym, qty from t where qty>6000', 'sym,qty|IBM,6800|C,8800'],
  [
    'scalars are repeated beside columns',
    'select id, 1 as one, sum(id) from u',
    'id,one,sum_id|1,1,10|2,1,10|3,1,10|4,1,10',
  ],
  ['column names ignore case and keep the spelling of the table', 'select ID from u where Id<2', 'id|1'],
  ['top a:b takes rows a to b-1', 'select top 2:4 id from u', 'id|3|4'],
  ['limit with an offset', 'select id from u limit 1, 2', 'id|2|3'],
  ['a range beyond the end is cut', 'select id from u limit 3, 5', 'id|4'],
  ['distinct keeps the order of first appearance', 'select distinct k from u', 'k|a|b|c'],
  ['distinct over several columns', 'select distinct k, 1 as n from u', 'k,n|a,1|b,1|c,1'],
  ['star and expressions', 'select *, id*2 from u where id>3', 'id,x,k,id_mul|4,8,c,8'],
  ['order by puts NULL first, and last when descending', 'select id from u order by x desc', 'id|4|3|1|2'],
  ['nulls last', 'select id from u order by x asc nulls last', 'id|1|3|4|2'],
  ['order by an alias', 'select id, -id as n from u order by n', 'id,n|4,-4|3,-3|2,-2|1,-1'],
  ['order by a column that is not selected', 'select k from u order by id desc', 'k|c|a|b|a'],
  ['order by several keys', 'select k, id from u order by k desc, id', 'k,id|c,4|b,2|a,1|a,3'],
  ['NULL is smaller than any value in where', 'select id from u where x<7', 'id|1|2'],
  ['is null and is not null', 'select id from u where x is not null, id<4', 'id|1|3'],
  ['x is null', 'select id from u where x is null', 'id|2'],
  ['comma conditions see the rows that are left', 'select id from u where id>2, id>avg(id)', 'id|4'],
  ['and evaluates every operand on all rows', 'select id from u where id>2 and id>avg(id)', 'id|3|4'],
  ['or', 'select id from u where k=`c or x=5', 'id|1|4'],
  ['in a symbol list', 'select id from u where k in `a`c', 'id|1|3|4'],
  ['not in', 'select id from u where k not in `a`c', 'id|2'],
  ['in a sub-select', 'select id from u where id in (select id from u where k=`a)', 'id|1|3'],
  ['in a sub-select of one row', 'select id from u where id in (select id from u where k=`c)', 'id|4'],
  ['a sub-select of one value is a scalar', 'select id from u where id > (select avg(id) from u)', 'id|3|4'],
  ['between is closed', 'select id from u where id between 2 and 3', 'id|2|3'],
  ['between a pair', 'select id from u where id between 2:3', 'id|2|3'],
  ['where on strings', 'select sym, price from t where sym=`IBM', 'sym,price|IBM,174.97|IBM,175.23'],
  ['a constant on the left', 'select id from u where 3<=id', 'id|3|4'],
  ['an empty result keeps the columns', 'select id, k from u where id>9', 'id,k'],
  ['exec on an empty table is an empty vector', 'exec id from u where id>9', '[]'],
  ['exec of max on no rows is NULL', 'exec max(id) from u where id>9', 'NULL'],
  ['aggregates of no rows give one row', 'select count(*), sum(id) from u where id>9', 'count,sum_id|0,'],
  ['case when', 'select id, case when x is null then 0 when x>7 then 2 else 1 end as c from u', 'id,c|1,1|2,0|3,1|4,2'],
  ['sequence functions run over all rows', 'select deltas(id) from u', 'deltas_id||1|1|1'],
  ['a table qualifies its columns', 'select u.id from u where u.id<2', 'id|1'],
  ['an alias qualifies', 'select a.id from u as a where a.id<2', 'id|1'],
  ['exists', 'select id from u where exists(select * from t where qty>8000), id<2', 'id|1'],
  [
    'a correlated exists runs for each row',
    'select id from u a where exists(select * from u b where b.id=a.id+2)',
    'id|1|2',
  ],
  ['sub-select in from', 'select sum(id) from (select id from u where id>2)', 'sum_id|7'],
  // group by
  [
    'groups come in key order with the key first',
    'select wavg(price,qty) as wvap, sum(qty) as totalqty from t group by sym',
    'sym,wvap,totalqty|C,50.828378,14800|IBM,175.085082,12200|MS,29.726389,7200',
  ],
  [
    'a listed key stands where it is listed',
    'select max(qty), sym from t group by sym',
    'max_qty,sym|8800,C|6800,IBM|3200,MS',
  ],
  [
    'keys that are not listed come first',
    'select max(qty), sym from t group by sym, minute(timestamp)',
    'minute_timestamp,max_qty,sym|09:34m,2500,C|09:38m,8800,C|09:32m,6800,IBM|09:35m,5400,IBM|09:36m,3200,MS',
  ],
  ['key aliases', 'select count(*) from t group by sym as s', 's,count|C,4|IBM,2|MS,3'],
  [
    'arithmetic on aggregates',
    'select max(qty)-min(qty) from t group by sym',
    'sym,max_qty_sub|C,7500|IBM,1400|MS,1300',
  ],
  [
    'aggregates of expressions',
    'select sum(price*qty) as v from t group by sym order by v desc',
    'sym,v|IBM,2.136038E6|C,752260|MS,214030',
  ],
  ['a NULL key is a group of its own', 'select count(*) from u group by x', 'x,count|,1|5,1|7,1|8,1'],
  [
    'having with another aggregate',
    'select sum(qty) from t group by sym having count(*)>2',
    'sym,sum_qty|C,14800|MS,7200',
  ],
  [
    'order by an aggregate that is written again',
    'select sum(qty) from t group by sym order by sum(qty)',
    'sym,sum_qty|MS,7200|IBM,12200|C,14800',
  ],
  ['top on grouped rows', 'select top 1 sum(qty) from t group by sym', 'sym,sum_qty|C,14800'],
  ['limit after order by', 'select sum(qty) as q from t group by sym order by q limit 2', 'sym,q|MS,7200|IBM,12200'],
  ['no rows, no groups', 'select sum(qty) from t where qty<0 group by sym', 'sym,sum_qty'],
  [
    'sequence functions inside aggregates run per group',
    'select max(deltas(qty)) from t group by sym',
    'sym,max|C,6300|IBM,-1400|MS,1100',
  ],
  [
    'first and last per group',
    'select first(qty), last(qty) from t group by sym',
    'sym,first_qty,last_qty|C,2200,8800|IBM,6800,5400|MS,1900,3200',
  ],
  ['an expression of the key', 'select sum(id) from u group by id%2 as odd', 'odd,sum_id|0,6|1,4'],
  ['group by without a select aggregate needs single rows', 'select x from u group by id', 'id,x|1,5|2,|3,7|4,8'],
  ['prefix calls', 'select last price from t where sym=`MS', 'last_price|30.02'],
  // context by
  [
    'context by keeps rows, groups ascending',
    'select sym, cumsum(qty) from t context by sym',
    'sym,cumsum_qty|C,2200|C,3500|C,6000|C,14800|IBM,6800|IBM,12200|MS,1900|MS,4000|MS,7200',
  ],
  [
    'aggregates are repeated in the group',
    'select sym, qty-avg(qty) as d from t where sym<>`C context by sym',
    'sym,d|IBM,700|IBM,-700|MS,-500|MS,-300|MS,800',
  ],
  [
    'csort orders the rows of a group',
    'select sym, qty, deltas(qty) from t where sym=`C context by sym csort qty desc',
    'sym,qty,deltas_qty|C,8800,|C,2500,-6300|C,2200,-300|C,1300,-900',
  ],
  ['limit per group', 'select sym, qty from t context by sym csort qty limit 1', 'sym,qty|C,1300|IBM,5400|MS,1900'],
  [
    'the last of each group',
    'select sym, qty from t context by sym csort qty limit -1',
    'sym,qty|C,8800|IBM,6800|MS,3200',
  ],
  [
    'plain columns with a limit keep the input order',
    'select sym, qty from t context by sym limit 1',
    'sym,qty|C,2200|MS,1900|IBM,6800',
  ],
  [
    'having with aggregates drops groups',
    'select sym, qty from t context by sym having count(*)<3',
    'sym,qty|IBM,6800|IBM,5400',
  ],
  [
    'having with row functions filters rows after items are computed',
    'select sym, qty, min(qty) as m from t where sym=`C context by sym having rowNo(qty)>1',
    'sym,qty,m|C,2500,1300|C,8800,1300',
  ],
  [
    'keep order',
    'select [HINT_KEEPORDER] sym, cumsum(qty) as c from t context by sym',
    'sym,c|C,2200|MS,1900|MS,4000|MS,7200|IBM,6800|IBM,12200|C,3500|C,6000|C,14800',
  ],
  [
    'the final order comes after the limit of groups',
    'select sym, qty from t context by sym csort qty order by qty desc limit 1',
    'sym,qty|IBM,5400|MS,1900|C,1300',
  ],
  // pivot by
  [
    'pivot by keeps the last value of a cell',
    'select qty from t where sym<>`MS pivot by minute(timestamp) as m, sym',
    'm,C,IBM|09:32m,,6800|09:34m,2500,|09:35m,,5400|09:38m,8800,',
  ],
  ['pivot with an aggregate', 'select sum(qty) from t pivot by 1+qty%2 as g, sym', 'g,C,IBM,MS|1,14800,12200,7200'],
  [
    'several metrics',
    'select sum(id), count(id) as n from u pivot by id>2 as big, k',
    'big,sum_id_a,sum_id_b,sum_id_c,n_a,n_b,n_c|false,1,2,,1,1,|true,3,,4,1,,1',
  ],
  ['exec of a pivot is a matrix', 'exec sum(id) from u pivot by id>2, k', '[false,true]x[a,b,c]:[1,3,2,,,4]'],
  // union, with
  ['union removes repetitions', 'select k from u union select sym as k from t where sym=`C', 'k|a|b|c|C'],
  ['union all keeps them', 'select id from u where id<2 union all select id from u where id<3', 'id|1|1|2'],
  [
    'order by of a union',
    'select id from u where id<2 union all select id from u where id>2 order by id desc',
    'id|4|3|1',
  ],
  [
    'with',
    'with a as (select id from u where id>1), b as (select id from a where id<4) select sum(id) from b',
    'sum_id|5',
  ],
]

describe('select', () => {
  for (const [name, query, expected] of cases)
    test(`${name}: ${query}`, () => {
      expect(compact(session.run(query))).toBe(expected)
    })
})

const errors: readonly (readonly [string, string])[] = [
  ['select from t', 'S02011'],
  ['select a from 5', 'S02033'],
  ['select sum(id), sum(id) from u', 'S02001'],
  ['select distinct(k), id from u', 'S02010'],
  ['select id from u where 1+1', 'S02035'],
  ['select id from u where [1,2,3]', 'S02034'],
  ['select x from u group by k', 'S02022'],
  ['select sum(sum(id)) from u group by k', 'S02032'],
  ['select sum(id) from u group by 1', 'S02020'],
  ['select sum(id) from u group by k having sum(id)', 'S02021'],
  ['select zz.* from u', 'S02059'],
  ['select distinct id from u group by k', 'S02055'],
  ['select distinct id from u order by x', 'S02053'],
]

describe('errors of select', () => {
  for (const [query, refId] of errors)
    test(`${query} is ${refId}`, () => {
      expect(() => session.run(query)).toThrow(`RefId: ${refId}`)
    })

  test('an alias of a key belongs into the group by clause', () => {
    expect(() => session.run('select k as z, sum(id) from u group by k')).toThrow('Alias for a GROUP BY field')
  })
  test('an offset can not be combined with context by', () => {
    expect(() => session.run('select id from u context by k limit 1, 2')).toThrow("one can't specify row offset")
  })
})
