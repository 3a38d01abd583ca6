import { describe, expect, it } from 'vitest'
import { createInterpreter, toHoldfastError } from '../index.ts'

const TABLES = 't = table(take(`a`b`c, 9) as sym, 1..9 as qty)\nu = select * from t\ngo\n'

/** Line and column (of the text after the tables) that the error of a script points to. */
function place(text: string): string {
  try {
    createInterpreter().run(TABLES + text)
  } catch (thrown) {
    const { position } = toHoldfastError(thrown)
    return position === undefined ? 'nowhere' : `${position.line - 3}:${position.column}`
  }
  return 'no error'
}

// `^` stands in front of what the error has to point to.
const CASES: readonly string[] = [
  'select sym,\n  ^nosuch(qty)\nfrom t',
  'select sym,\n  iif(qty > 3,\n    ^nosuch(qty),\n    0) as b\nfrom t',
  'select sym,\n  iif(qty > 3,\n    qty - 1,\n    ^qty + (1..5)) as b\nfrom t',
  'select sym,\n  qty + ^"a" * 2\nfrom t',
  'select sym,\n  sum(qty) +\n  ^msum(qty,\n    "a") as b\nfrom t\ngroup by sym',
  'select sym,\n  case when qty > 3 then\n    qty\n  else\n    ^nosuch\n  end as z\nfrom t',
  'select sym, sum(qty),\n  ^sum(qty)\nfrom t group by sym',
  'select qty,\n  ^1..4 as b\nfrom t',
  'select sum(qty),\n  ^qty\nfrom t\ngroup by sym',
  'select sym,\n  ^take(qty, 2) as d\nfrom t\ncontext by sym',
  'select sym\nfrom t,\n  ^nosuch',
  'select sym\nfrom\n  ^5',
  'select sym\nfrom t\nwhere qty > 3,\n  ^qty + 1',
  'select sym\nfrom t\nwhere qty > 3,\n  ^1 2 3',
  'select sym\nfrom t\nwhere sym in `a`b and\n  ^date(qty,\n  3) > 5',
  'select sum(qty)\nfrom t\ngroup by sym,\n  ^nosuch',
  'select sum(qty)\nfrom t\ngroup by sym,\n  ^5',
  'select sum(qty)\nfrom t\ngroup by sym\nhaving ^sum(qty)',
  'select *\nfrom t\ncontext by sym\nhaving ^qty + 1',
  'select *\nfrom t\ncontext by sym\ncsort ^nosuch',
  'select *\nfrom t\nwhere qty > 1\ncsort ^qty',
  'select *\nfrom t\nwhere qty > 1\nhaving ^qty > 1',
  'select *\nfrom t\ncontext by sym\nlimit ^1, 2',
  'select sym\nfrom t\norder by qty,\n  ^nosuch desc',
  'select distinct sym\nfrom t\norder by ^qty',
  'select sym\nfrom t\nlimit ^"a"',
  'select sym\nfrom t\nlimit ^-1',
  'select sum(qty)\nfrom t\ncgroup by sym\norder by ^qty',
  'select ^mavg(qty, 2)\nfrom t\ncgroup by sym\norder by sym',
  'exec qty,\n  ^sym\nfrom t\npivot by sym, qty',
  'select qty\nfrom t\npivot by ^sym',
  'select *\nfrom t\ninner join u\non t.sym = ^u.nosuch',
  'select *\nfrom t\nleft join u\non t.sym = u.sym and\n  ^t.qty > u.qty',
  'select *\nfrom t\nleft join\n  ^t\non t.sym = t.sym',
  'select *\nfrom ej(t, u,\n  ^1)',
  'select *\nfrom ej(t,\n  ^1, `sym)',
  'select sym,\n  ^nosuch(qty) over (partition by sym)\nfrom t',
  'select *\nfrom t\nwhere ^rank() over (order by qty) > 1',
  'select qty from t\nunion all\n^select sym, qty from t',
  'select sym, (select qty\n  from t\n  where ^nosuch = 3)\nfrom t',
  'with a as (select sym\n  from t\n  where ^nosuch = 3)\nselect * from a',
  'update t\nset qty = qty + 1,\n  sym = ^1..4\nwhere qty > 3',
  'update t\nset qty = ^"a"\nwhere qty > 3',
  'delete from t\nwhere qty > 1,\n  ^qty + 1',
  'insert into t values\n  (`a, 1),\n  (^`b)',
  'c = <select sym,\n  qty + ^"a" * 2\nfrom t>\nc.eval()',
  // What was built has no text: the error is where it is evaluated.
  'c = sql(select=(sqlCol(`sym), sqlCol(`nosuch)), from=t)\nd = 1\n^c.eval()',
]

describe('an error in a query points to what is wrong', () => {
  it.each(CASES.map((text) => [text.replace(/\n/g, ' '), text]))('%s', (_, text) => {
    const before = text.slice(0, text.indexOf('^'))
    const line = before.split('\n').length
    const column = before.length - before.lastIndexOf('\n')
    expect(place(text.replace('^', ''))).toBe(`${line}:${column}`)
  })
})
