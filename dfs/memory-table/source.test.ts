import { beforeEach, describe, expect, it } from 'vitest'
import type { Interpreter } from '../../runtime/index.ts'
import { connect, newWorld } from '../write/testing.ts'

let session: Interpreter
const run = (code: string): string => session.display(session.run(code, { file: 'x.dos' }))

beforeEach(() => {
  session = connect(newWorld()).session
  run('t = table(3 1 2 1 as id, 1.0 2.0 3.0 4.0 as v)')
  run('pt = createPartitionedTable(database("", VALUE, 1..3), t, `pt, `id).append!(t)')
})

describe('partitioned tables in memory', () => {
  it('keep their rows by partition, in the order in which they came', () => {
    expect(run('exec v from pt')).toBe('[2,4,3,1]')
    run('pt.append!(table(1 3 as id, 5.0 6.0 as v))')
    expect(run('exec v from pt')).toBe('[2,4,5,3,1,6]')
  })

  it('change as a whole or not at all', () => {
    expect(() => run('pt.append!(table(1 2 as id, `a`b as v))')).toThrow('DOUBLE')
    expect(() => run('pt.drop!(`id)')).toThrow('partition column')
    expect(() => run('pt.rename!(`v, `id)')).toThrow('already exists')
    expect(() => run('update pt set z = notThere')).toThrow()
    expect(run('exec v from pt')).toBe('[2,4,3,1]')
    expect(run('columnNames(pt)')).toBe('["id","v"]')
  })

  it('take new partition values of changed rows', () => {
    run('update pt set id = 3 where v > 2.5')
    expect(run('exec id from pt')).toBe('[1,3,3,3]')
    expect(run('exec v from pt where id = 3')).toBe('[4,3,1]')
  })

  it('add columns and types to rows of all partitions', () => {
    run('addColumn(pt, `s, STRING)')
    run('update pt set n = id * 2, s = "x" + string(id)')
    expect(run('exec s from pt')).toBe('["x1","x1","x2","x3"]')
    expect(run('exec n from pt')).toBe('[2,2,4,6]')
    run('delete from pt')
    run('update pt set m = 1.5')
    expect(run('columnNames(pt)')).toBe('["id","v","s","n","m"]')
    run('insert into pt values(2, 1.0, "y", 3, 2.5)')
    expect(run('exec m from pt')).toBe('[2.5]')
  })

  it('have typed columns also where a row is null', () => {
    run('insert into pt values(2, NULL)')
    expect(run('exec count(v) from pt')).toBe('4')
    expect(run('exec v from pt where id = 2')).toBe('[3,]')
  })

  it('stay with their session', () => {
    expect(run('typestr(pt)')).toBe('SEGMENTED IN-MEMORY TABLE')
    expect(() => run('createPartitionedTable(database("", VALUE, 1..3), t, `pt)')).toThrow('partitionColumns must name')
    expect(() => run('createDimensionTable(database("", VALUE, 1..3), t, `pt)')).toThrow('A dimension table in memory')
  })
})
