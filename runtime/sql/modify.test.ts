import { beforeEach, describe, expect, test } from 'vitest'
import type { Interpreter } from '../interpreter.ts'
import { compact, sqlSession } from './testing.ts'

let session: Interpreter

beforeEach(() => {
  session = sqlSession()
  session.run(`
t = table(1 2 3 4 as id, [10, 20, , 40] as x, \`a\`b\`a\`b as k)
u = table(1 3 9 as id, 100 300 900 as y)
`)
})

const run = (script: string): string => {
  session.run(script)
  return compact(session.run('select * from t'))
}

describe('update', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a scalar for all rows', 'update t set x=1', 'id,x,k|1,1,a|2,1,b|3,1,a|4,1,b'],
    ['only the filtered rows', 'update t set x=id*2 where k=`a', 'id,x,k|1,2,a|2,20,b|3,6,a|4,40,b'],
    ['right-hand sides see the old table', 'update t set id=x, x=id where id<3', 'id,x,k|10,1,a|20,2,b|3,,a|4,40,b'],
    ['a new column', 'update t set z=id+1', 'id,x,k,z|1,10,a,2|2,20,b,3|3,,a,4|4,40,b,5'],
    [
      'a new column is NULL in the other rows',
      'update t set z=id+1 where id>2',
      'id,x,k,z|1,10,a,|2,20,b,|3,,a,4|4,40,b,5',
    ],
    ['a column of symbols', 'update t set k=`c where id=2', 'id,x,k|1,10,a|2,20,c|3,,a|4,40,b'],
    ['numbers take the type of the column', 'update t set x=2.0 where id=1', 'id,x,k|1,2,a|2,20,b|3,,a|4,40,b'],
    ['NULL', 'update t set x=NULL where id=1', 'id,x,k|1,,a|2,20,b|3,,a|4,40,b'],
    ['functions per group', 'update t set x=cumsum(id) context by k', 'id,x,k|1,1,a|2,2,b|3,4,a|4,6,b'],
    ['aggregates per group', 'update t set x=sum(id) context by k', 'id,x,k|1,4,a|2,6,b|3,4,a|4,6,b'],
    ['csort', 'update t set x=cumsum(id) context by k csort id desc', 'id,x,k|1,4,a|2,6,b|3,3,a|4,4,b'],
    ['having', 'update t set x=0 context by k having sum(id)>4', 'id,x,k|1,10,a|2,0,b|3,,a|4,0,b'],
    ['from ej', 'update t set x=y from ej(t, u, `id)', 'id,x,k|1,100,a|2,20,b|3,300,a|4,40,b'],
    ['from lj', 'update t set x=y from lj(t, u, `id) where id<3', 'id,x,k|1,100,a|2,,b|3,,a|4,40,b'],
  ]
  for (const [name, script, expected] of cases)
    test(`${name}: ${script}`, () => {
      expect(run(script)).toBe(expected)
    })

  test('a value of another category is an error and changes nothing', () => {
    expect(() => session.run('update t set id=0, x=`abc')).toThrow(
      'The data type of the new values does not match the data type of column x.',
    )
    expect(compact(session.run('select id from t'))).toBe('id|1|2|3|4')
  })
  test('a table that was selected before keeps its rows', () => {
    session.run('before = select * from t')
    session.run('update t set x=0')
    expect(compact(session.run('exec x from before'))).toBe('[10,20,,40]')
  })
})

describe('delete', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['rows that satisfy all conditions', 'delete from t where k=`a, id>1', 'id,x,k|1,10,a|2,20,b|4,40,b'],
    ['all rows, the columns stay', 'delete from t', 'id,x,k'],
    ['rows that match another table', 'delete t from ej(t, u, `id)', 'id,x,k|2,20,b|4,40,b'],
    ['a name that is a column hides the variable', 'delete from t where Id=id', 'id,x,k'],
  ]
  for (const [name, script, expected] of cases)
    test(`${name}: ${script}`, () => {
      expect(run(script)).toBe(expected)
    })
})

describe('insert', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['one row', 'insert into t values(5, 50, `c)', 'id,x,k|1,10,a|2,20,b|3,,a|4,40,b|5,50,c'],
    [
      'vectors of columns',
      'insert into t values([5,6], [50,60], `c`d)',
      'id,x,k|1,10,a|2,20,b|3,,a|4,40,b|5,50,c|6,60,d',
    ],
    ['row tuples', 'insert into t values (5, 50, `c), (6, NULL, `d)', 'id,x,k|1,10,a|2,20,b|3,,a|4,40,b|5,50,c|6,,d'],
    ['some columns', 'insert into t(k, id) values (`c, 5)', 'id,x,k|1,10,a|2,20,b|3,,a|4,40,b|5,,c'],
    ['a query', 'insert into t select id, x, k from t where id=1', 'id,x,k|1,10,a|2,20,b|3,,a|4,40,b|1,10,a'],
    ['another table', 'insert into t t', 'id,x,k|1,10,a|2,20,b|3,,a|4,40,b|1,10,a|2,20,b|3,,a|4,40,b'],
  ]
  for (const [name, script, expected] of cases)
    test(`${name}: ${script}`, () => {
      expect(run(script)).toBe(expected)
    })

  test('matchedRowCount counts the rows', () => {
    session.run('delete from t where id<3')
    expect(compact(session.run('matchedRowCount()'))).toBe('2')
  })
})
