import { describe, expect, test } from 'vitest'
import { compact, sqlSession } from './testing.ts'

const session = sqlSession()
session.run(`
t1 = table(1 2 3 3 as id, 7.8 4.6 5.1 0.1 as value, 4 3 2 1 as x)
t2 = table(5 3 1 as id, 300 500 800 as qty, 44 66 88 as x)
t3 = table(1 1 3 as uid, 10 11 30 as z)
l = table(\`A\`A\`B\`B as sym, 09:00:01 09:00:05 09:00:03 09:00:00 as time)
r = table(\`A\`A\`B as sym, 09:00:00 09:00:04 09:00:02 as time, 1 2 3 as bid)
n = table([1, , 3] as id, 1 2 3 as a)
`)

const cases: readonly (readonly [string, string, string])[] = [
  [
    'ej renames clashing right columns',
    'select * from ej(t1, t2, `id)',
    'id,value,x,qty,t2_x|1,7.8,4,800,88|3,5.1,2,500,66|3,0.1,1,500,66',
  ],
  [
    'an unqualified name is the left column',
    'select id, value, qty, x, t2.x as y from ej(t1, t2, `id)',
    'id,value,qty,x,y|1,7.8,800,4,88|3,5.1,500,2,66|3,0.1,500,1,66',
  ],
  [
    'a qualified name loses its qualifier',
    'select id, value, qty, t2.x from ej(t1, t2, `id)',
    'id,value,qty,x|1,7.8,800,88|3,5.1,500,66|3,0.1,500,66',
  ],
  ['lj keeps every left row', 'select id, qty from lj(t1, t2, `id)', 'id,qty|1,800|2,|3,500|3,500'],
  ['lj returns all matches', 'select id, z from lj(t1, t3, `id, `uid)', 'id,z|1,10|1,11|2,|3,30|3,30'],
  ['lsj returns the first match', 'select id, z from lsj(t1, t3, `id, `uid)', 'id,z|1,10|2,|3,30|3,30'],
  [
    'fj keeps both sides and the right key',
    'select id, value, t2_id, qty from fj(t1, t2, `id)',
    'id,value,t2_id,qty|1,7.8,1,800|2,4.6,,|3,5.1,3,500|3,0.1,3,500|,,5,300',
  ],
  [
    'cj pairs everything, left rows slowest',
    'select t1.id as a, t3.z from cj(t1, t3) where t1.id<3',
    'a,z|1,10|1,11|1,30|2,10|2,11|2,30',
  ],
  [
    'aj takes the latest right row',
    'select * from aj(l, r, `sym`time)',
    'sym,time,r_time,bid|A,09:00:01,09:00:00,1|A,09:00:05,09:00:04,2|B,09:00:03,09:00:02,3|B,09:00:00,,',
  ],
  ['NULL keys match nothing', 'select n.id, t2.qty from lj(n, t2, `id)', 'id,qty|1,800|,|3,500'],
  ['a self join with aliases', 'select a.id as x, b.id as y from ej(t1 as a, t1 as b, `id) where a.id=1', 'x,y|1,1'],
  ['sej sorts by the key', 'select id from sej(t2, t1, `id)', 'id|1|3|3'],
  ['sql inner join', 'select id, qty from t1 inner join t2 on t1.id=t2.id', 'id,qty|1,800|3,500|3,500'],
  [
    'sql left join with different names',
    'select t1.id, z from t1 left join t3 on t1.id=t3.uid',
    'id,z|1,10|1,11|2,|3,30|3,30',
  ],
  [
    'a filter on the right side of a left join',
    'select t1.id, z from t1 left join t3 on t1.id=t3.uid and t3.z>10',
    'id,z|1,11|2,|3,30|3,30',
  ],
  ['left semijoin', 'select t1.id, z from t1 left semijoin t3 on t1.id=t3.uid', 'id,z|1,10|2,|3,30|3,30'],
  [
    'right join keeps right rows',
    'select t2.id as rid, value from t1 right join t2 on t1.id=t2.id',
    'rid,value|5,|3,5.1|3,0.1|1,7.8',
  ],
  ['full join', 'select value, qty from t1 full join t2 on t1.id=t2.id', 'value,qty|7.8,800|4.6,|5.1,500|0.1,500|,300'],
  ['cross join', 'select count(*) from t1 cross join t2', 'count|12'],
  [
    'a comma with an equality is a join',
    'select value, z from t1, t3 where t1.id=t3.uid',
    'value,z|7.8,10|7.8,11|5.1,30|0.1,30',
  ],
  ['aliases of a join', 'select a.id, b.qty from t1 a inner join t2 b on a.id=b.id where b.qty>600', 'id,qty|1,800'],
  [
    'three tables',
    'select t1.id, qty, z from t1 inner join t2 on t1.id=t2.id inner join t3 on t1.id=t3.uid',
    'id,qty,z|1,800,10|1,800,11|3,500,30|3,500,30',
  ],
  ['star of one table', 'select t2.* from ej(t1, t2, `id) where t2.qty>600', 'id,qty,t2_x|1,800,88'],
]

describe('joins', () => {
  for (const [name, query, expected] of cases)
    test(`${name}: ${query}`, () => {
      expect(compact(session.run(query))).toBe(expected)
    })

  test('a join as an expression names columns after its tables', () => {
    expect(compact(session.run('ej(t1, t2, `id)'))).toBe(
      'id,value,x,qty,t2_x|1,7.8,4,800,88|3,5.1,2,500,66|3,0.1,1,500,66',
    )
  })
  test('a missing key column is S02016', () => {
    expect(() => session.run('select * from ej(t1, t3, `id)')).toThrow('RefId: S02016')
  })
  test('the left part must be a table', () => {
    expect(() => session.run('select * from ej(5, t3, `id)')).toThrow('RefId: S02013')
  })
  test('equal names need aliases', () => {
    expect(() => session.run('select * from t1 inner join t1 on t1.id=t1.id')).toThrow('different names')
  })
})
