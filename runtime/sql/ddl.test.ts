import { describe, expect, test } from 'vitest'
import { type Builtin, builtin } from '../registry.ts'
import { Resource, Scalar, T } from '../values/index.ts'
import { compact, sqlSession } from './testing.ts'

describe('tables in memory', () => {
  test('create table makes an empty table with the column types', () => {
    const session = sqlSession()
    session.run('create table tb(id INT, sym SYMBOL, price DOUBLE)')
    session.run('insert into tb values(1, `A, 2)')
    expect(compact(session.run('select * from tb'))).toBe('id,sym,price|1,A,2')
  })
  test('alter table adds, renames and drops columns', () => {
    const session = sqlSession()
    session.run('t = table(1 2 as id, 3 4 as x)')
    session.run('alter table t add y DOUBLE')
    session.run('alter table t rename x to z')
    expect(compact(session.run('select * from t'))).toBe('id,z,y|1,3,|2,4,')
    session.run('alter table t drop z')
    expect(compact(session.run('select * from t'))).toBe('id,y|1,|2,')
  })
  test('an existing name is S01014', () => {
    const session = sqlSession()
    session.run('t = table(1 2 as id)')
    expect(() => session.run('alter table t add id INT')).toThrow('RefId: S01014')
  })
  test('drop table removes the variable, if exists forgives', () => {
    const session = sqlSession()
    session.run('t = table(1 2 as id)')
    session.run('drop table t')
    expect(() => session.run('drop table t')).toThrow("Can't find the table t")
    session.run('drop table if exists t')
  })
})

describe('stored databases and tables', () => {
  /** Builtins of the dfs room that only note how they are called. */
  const calls: string[] = []
  const noted = (signature: string): Builtin =>
    builtin('Test', signature, {
      doc: '',
      call: (args) => {
        const name = signature.slice(0, signature.indexOf('('))
        calls.push(`${name}(${args.map((a) => (a === undefined ? '' : compact(a))).join(';')})`)
        return name.startsWith('exists') ? Scalar.FALSE : new Resource(T.RESOURCE, 'database', 'db', undefined)
      },
    })
  const session = sqlSession({}, [
    noted(
      'database(directory, [partitionType], [partitionScheme], [locations], [engine], [atomic], [chunkGranularity])',
    ),
    noted('createPartitionedTable(dbHandle, table, tableName, [partitionColumns], [compressMethods], [sortColumns])'),
    noted('createTable(dbHandle, table, tableName)'),
    noted('dropTable(dbHandle, tableName)'),
    noted('dropDatabase(dbUrl)'),
    noted('existsDatabase(dbUrl)'),
    noted('existsTable(dbUrl, tableName)'),
  ])
  const cases: readonly (readonly [string, string])[] = [
    ['create table "dfs://x"."pt"(id INT, d DATE) partitioned by id', 'createPartitionedTable(resource;id,d;pt;[id])'],
    ['create table "dfs://x"."dim"(id INT)', 'createTable(resource;id;dim)'],
    ['drop table "dfs://x"."pt"', 'dropTable(resource;pt)'],
    ['drop database "dfs://x"', 'dropDatabase(dfs://x)'],
    ['drop database if exists "dfs://x"', 'existsDatabase(dfs://x)'],
  ]
  for (const [statement, expected] of cases)
    test(`${statement} calls the builtin`, () => {
      calls.length = 0
      session.run(statement)
      expect(calls.at(-1)?.replace(/;+\)$/, ')')).toBe(expected)
    })
  test('create database passes scheme and options', () => {
    calls.length = 0
    session.run('create database "dfs://x" partitioned by VALUE(1..3), engine="TSDB"')
    expect(calls.at(-1)).toContain('database(dfs://x;')
    expect(calls.at(-1)).toContain(';[1,2,3];;TSDB')
  })
})
