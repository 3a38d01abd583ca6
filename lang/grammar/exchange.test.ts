import { describe, expect, it } from 'vitest'
import { isComplete } from '../index.ts'
import { dumpScript } from '../testing-dump.ts'

describe('EXPORT and IMPORT are calls with arguments by name', () => {
  it.each([
    [
      'EXPORT INTO CSV "out" FROM TABLE dfs://db/tb',
      '(call ::exportTable format="CSV" dir="out" dbPath="dfs://db/tb")',
    ],
    [
      'EXPORT INTO CSV "out" FROM TABLE dfs://a/b.tb WITH column_name',
      '(call ::exportTable format="CSV" dir="out" dbPath="dfs://a/b" tableName="tb" column_name=true)',
    ],
    [
      'export into parquet "out" from table "dfs://db"."t b"; 1',
      '(call ::exportTable format="PARQUET" dir="out" dbPath="dfs://db" tableName="t b"); 1',
    ],
    [
      "EXPORT INTO CSV \"o\" FROM TABLE \"dfs://db\".tb WITH column_name, data_only, delimiter = ',',\n   chunk_rows = '100000', enclosed = '\"', escaped = '\\', nullas = 'NULL'\nx = 1",
      '(call ::exportTable format="CSV" dir="o" dbPath="dfs://db" tableName="tb" column_name=true data_only=true delimiter="," chunk_rows="100000" enclosed="\\"" escaped="\\\\" nullas="NULL"); (= x 1)',
    ],
    [
      'EXPORT INTO CSV "o"\nFROM TABLE t\nWITH column_name',
      '(call ::exportTable format="CSV" dir="o" dbPath=t column_name=true)',
    ],
    [
      'EXPORT INTO CSV x FROM SELECT a, b from t where a > b, c like "d" WITH delimiter = "|"',
      '(call ::exportQuery format="CSV" dir=x sqlObj=<(select ?a ?b (from ?t) (where (gt ?a ?b) (like ?c "d")))> delimiter="|")',
    ],
    [
      'EXPORT INTO CSV "o" FROM SELECT a from t order by a WITH nullas = NULL',
      '(call ::exportQuery format="CSV" dir="o" sqlObj=<(select ?a (from ?t) (order ?a))> nullas="NULL")',
    ],
    [
      'EXPORT INTO CSV "o" FROM SELECT a from t limit 5 WITH nullas = NULL',
      '(call ::exportQuery format="CSV" dir="o" sqlObj=<(select ?a (from ?t) (limit 5))> nullas="NULL")',
    ],
    [
      'EXPORT INTO CSV "o" FROM with u as (select * from t) select a from u',
      '(call ::exportQuery format="CSV" dir="o" sqlObj=<(with u=(select * (from ?t)) (select ?a (from ?u)))>)',
    ],
    [
      'EXPORT INTO CSV "o" FROM (select * from t) with column_name',
      '(call ::exportQuery format="CSV" dir="o" sqlObj=<(select * (from ?t))> column_name=true)',
    ],
    [
      'EXPORT INTO CSV "o" FROM (select * from t\n where a = 1)\nwith u as (select 1 as a) select * from u',
      '(call ::exportQuery format="CSV" dir="o" sqlObj=<(select * (from ?t) (where (eq ?a 1)))>); (with u=(select 1@a) (select * (from ?u)))',
    ],
    [
      'EXPORT INTO CSV "o" FROM DATABASE "dfs://db" WITH chunk_rows=0, meta_only = "false"',
      '(call ::exportDatabase format="CSV" dir="o" dbPath="dfs://db" chunk_rows=0 meta_only="false")',
    ],
    [
      'EXPORT INTO CSV "o" FROM DATABASE dfs://db // a comment',
      '(call ::exportDatabase format="CSV" dir="o" dbPath="dfs://db")',
    ],
    ['IMPORT TABLE CREATE USING "d/meta.sql"', '(call ::importTable metaFile="d/meta.sql")'],
    [
      'IMPORT TABLE CREATE USING "d/meta.sql" CSV DATA ("d") with nullif = "\\N"',
      '(call ::importTable metaFile="d/meta.sql" format="CSV" dir="d" nullif="\\\\N")',
    ],
    [
      'IMPORT INTO "dfs://db".tb (a, b, _"c d", "e") CSV DATA ("dir") WITH delimiter="\\t", escaped=\'\\\', thread_concurrency = \'1\', batch_rows = 500, auto_shrink',
      '(call ::importTable dbPath="dfs://db" tableName="tb" columns=["a" "b" "c d" "e"] format="CSV" dir="dir" delimiter="\\t" escaped="\\\\" thread_concurrency="1" batch_rows=500 auto_shrink=true)',
    ],
    [
      'import into dfs://a/b/tb parquet data (x + "/y")',
      '(call ::importTable dbPath="dfs://a/b/tb" format="PARQUET" dir=(add x "/y"))',
    ],
    [
      'IMPORT DATABASE CSV DATA ("dir") WITH enclosed = "\'"',
      '(call ::importDatabase format="CSV" dir="dir" enclosed="\'")',
    ],
    [
      'def f(d){ EXPORT INTO CSV d FROM TABLE "dfs://a/b" }',
      '(def f [d] {(call ::exportTable format="CSV" dir=d dbPath="dfs://a/b")})',
    ],
    ['if(a > 1) IMPORT DATABASE CSV DATA ("dir")', '(if (gt a 1) {(call ::importDatabase format="CSV" dir="dir")})'],
    [
      'try { IMPORT DATABASE PARQUET DATA ("dir") } catch(ex) { }',
      '(try {(call ::importDatabase format="PARQUET" dir="dir")} ex {})',
    ],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('their words in other places', () => {
  it.each([
    ["a, escaped = 1, 2; f(a, escaped='\\'')", "(= a escaped (tuple 1 2)); (call f' a escaped=CHAR:39)"],
    [
      'dict = 1; export = 2; import = 3; export + import',
      '(= dict 1); (= export 2); (= import 3); (add export import)',
    ],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('mistakes in them', () => {
  it.each([
    [
      'EXPORT INTO CSV "o" FROM TABLE t WITH foo',
      "1:39 expected an option (column_name, meta_only, data_only, delimiter, chunk_rows, enclosed, escaped, nullas), found 'foo'",
    ],
    [
      'EXPORT INTO CSV "o" FROM TABLE t WITH delimiter',
      "1:48 expected '=' after the option delimiter, found the end of the text",
    ],
    ['EXPORT INTO CSV "o" FROM x', "1:26 expected 'table', 'database' or a query after 'from', found 'x'"],
    ['EXPORT INTO CSV', '1:16 expected an expression, found the end of the text'],
    ['IMPORT INTO "a".b', "1:18 expected 'CSV DATA' or 'PARQUET DATA', found the end of the text"],
    ['EXPORT INTO CSV "o" FROM TABLE t WITH column_name, column_name', '1:52 The option column_name is given twice.'],
    ['EXPORT INTO JSON "o" FROM TABLE t', "1:13 expected 'CSV' or 'PARQUET' after 'export into', found 'JSON'"],
    ['EXPORT INTO "o" FROM TABLE t', `1:13 expected 'CSV' or 'PARQUET' after 'export into', found '"o"'`],
  ])('%j', (text, message) => {
    expect(dumpScript(text)).toBe(message)
  })

  it.each(['EXPORT INTO CSV', 'EXPORT INTO CSV "o" FROM TABLE t WITH delimiter =', 'IMPORT DATABASE CSV DATA ('])(
    'the prompt reads on after %j',
    (text) => {
      expect(isComplete(text, { isFunction: () => false, isVariable: () => false })).toBe(false)
    },
  )
})
