import { expect, test } from 'vitest'
import { HoldfastError } from '../errors.ts'
import { sqlSession } from './testing.ts'

const session = sqlSession()
session.run('t = table(`x`y as s, 1 2 as a)')

function failure(query: string): HoldfastError {
  try {
    session.run(query)
  } catch (error) {
    if (error instanceof HoldfastError) return error
    throw error
  }
  throw new Error(`${query} did not fail`)
}

test.each([
  ['select a as b from t where b > 1', 'b names an item of the result'],
  ['select s, sum(a) as m from t group by s having m > 2', 'm names an item of the result'],
  ['select a as k from t group by k', 'k names an item of the result'],
  ['select s, sum(a) as m from t group by s order by a', 'order by of a grouped query sees the columns of its result'],
])('%s: the hint says which names the clause sees', (query, hint) => {
  const error = failure(query)
  expect(error.message).toMatch(/^Cannot recognize the token \w+$/)
  expect(error.hint).toContain(hint)
  expect(error.position).toBeDefined()
})

test('a name that the query does not give keeps its own hint', () => {
  expect(failure('select a as b from t where zz > 1').hint).toBeUndefined()
})
