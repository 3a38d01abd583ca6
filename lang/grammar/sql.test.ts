import { describe, expect, it } from 'vitest'
import { dumpScript } from '../testing-dump.ts'

describe('select and exec', () => {
  it.each([
    ['select * from t', '(select * (from ?t))'],
    ['select a, b from t', '(select ?a ?b (from ?t))'],
    ['select a as p, b q from t', '(select ?a@p ?b@q (from ?t))'],
    ['select sum(volume) total from t', '(select (call ?sum ?volume)@total (from ?t))'],
    ['select value from t', '(select ?value (from ?t))'],
    ['select last price from t', '(select (apply ?last ?price) (from ?t))'],
    ['select max sym from t', '(select (apply ?max ?sym) (from ?t))'],
    [
      'select date, time from t where date > 2020.01.01',
      '(select ?date ?time (from ?t) (where (gt ?date DATE:18262)))',
    ],
    [
      'select * from t where date = 2020.01.01, time > 10:00:00',
      '(select * (from ?t) (where (eq ?date DATE:18262) (gt ?time SECOND:36000)))',
    ],
    [
      'select * from t where date > 2020.01.01 and time < 3',
      '(select * (from ?t) (where (and (gt ?date DATE:18262) (lt ?time 3))))',
    ],
    ['select * from t order by date desc', '(select * (from ?t) (order ?date-))'],
    [
      'select * from t order by date desc nulls last, time asc nulls first',
      '(select * (from ?t) (order ?date-/last ?time/first))',
    ],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('update, delete and insert', () => {
  it.each([
    ["update t set time=time.temporalAdd(s,'d')", "(update ?t time=(method ?time temporalAdd' ?s CHAR:100))"],
    ['update t set a=1, b=b+1 where c > 3', '(update ?t a=1 b=(add ?b 1) (where (gt ?c 3)))'],
    ['update t set a: 1', '(update ?t a=1)'],
    ['update t a=1', '1:10 The keyword SET is missing in the UPDATE statement. RefId: S06000'],
    ['update t set = 1', "1:14 expected a column to set, found '='"],
    ['update t set a 1', "1:16 The '=' is missing in the UPDATE statement. RefId: S06000"],
    ['insert into t(1) values(1)', "1:15 expected the name of a column, found '1'"],
    ['alter table t change column a', "1:15 expected 'add', 'drop' or 'rename' after the table, found 'change'"],
    [
      'update t set c = cumsum(x) context by sym csort time having sum(x) > 1',
      '(update ?t c=(call ?cumsum ?x) (context ?sym) (csort ?time) (having (gt (call ?sum ?x) 1)))',
    ],
    [
      'update t set x = u.y from ej(t, u, `id) where u.z > 1',
      '(update ?t x=(. ?u "y") (from (call ?ej ?t ?u "id")) (where (gt (. ?u "z") 1)))',
    ],
    ['delete from t', '(delete (from ?t))'],
    ['delete from t where x = 3', '(delete (from ?t) (where (eq ?x 3)))'],
    ['delete t2 from ej(t2, t1, `id) where x > 1', '(delete ?t2 (from (call ?ej ?t2 ?t1 "id")) (where (gt ?x 1)))'],
    [
      'delete from t where isDuplicated([ID,int])=false map',
      '(delete (from ?t) (where (eq (call ?isDuplicated [?ID ?int]) false)) map)',
    ],
    ['insert into t values(1, `a)', '(insert t (values 1 "a"))'],
    ['insert into t values (1, 2), (3, 4)', '(insert t (values 1 2) (values 3 4))'],
    ['insert into t(a, "b", _"c d") values (1, 2, 3)', '(insert t [a b c d] (values 1 2 3))'],
    ['insert into t1 select * from t2', '(insert ?t1 (select * (from ?t2)))'],
    ['insert into t1 t2', '(insert ?t1 ?t2)'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('clauses', () => {
  it.each([
    ['exec x from t', '(exec ?x (from ?t))'],
    ['exec count(price) from t', '(exec (call ?count ?price) (from ?t))'],
    ['exec price from t pivot by time, sym', '(exec ?price (from ?t) (pivot ?time ?sym))'],
    ['select distinct a, b from t', '(select distinct ?a ?b (from ?t))'],
    ['select distinct(a) from t', '(select (call ?distinct ?a) (from ?t))'],
    ['select top 3 * from t', '(select top:0..3 * (from ?t))'],
    ['select top 2:4 * from t', '(select top:2..4 * (from ?t))'],
    ['select top x * from t', '1:12 integer constant expected after keyword top'],
    ['select top (1+2) * from t', '1:12 integer constant expected after keyword top'],
    ['select top -1 * from t', '1:12 integer constant expected after keyword top'],
    ['select top * from t', '1:12 integer constant expected after keyword top'],
    ['select top, y from t', '(select ?top ?y (from ?t))'],
    ['select top from t', '(select ?top (from ?t))'],
    ['select top\n from t', '(select ?top (from ?t))'],
    [
      'select top as u, top*2, top - 1, top-1 from t',
      '(select ?top@u (mul ?top 2) (sub ?top 1) (sub ?top 1) (from ?t))',
    ],
    ['select top > 3 and y from t', '(select (and (gt ?top 3) ?y) (from ?t))'],
    [
      'exec x from t where x between 1:3 and y > 2',
      '(exec ?x (from ?t) (where (and (between ?x (pair 1 3)) (gt ?y 2))))',
    ],
    [
      'exec x from t where x between pair(1, 3) && y',
      '(exec ?x (from ?t) (where (and (between ?x (call ?pair 1 3)) ?y)))',
    ],
    ['exec x from t where x between 1 and 3 and y', '(exec ?x (from ?t) (where (and (between ?x (pair 1 3)) ?y)))'],
    ['select sum !y from t', '(select (apply ?sum (not ?y)) (from ?t))'],
    ['select top*2 from t', '(select (mul ?top 2) (from ?t))'],
    ['select top in x from t', '(select (in ?top ?x) (from ?t))'],
    ['select distinct, y from t', '(select ?distinct ?y (from ?t))'],
    ['select distinct [x, y], -y from t', '(select distinct [?x ?y] (neg ?y) (from ?t))'],
    ['select distinct -y from t', '(select distinct (neg ?y) (from ?t))'],
    ['select top[0] from t', '(select (index ?top 0) (from ?t))'],
    ['select distinct add(x, y) from t', '(select distinct (call ?add ?x ?y) (from ?t))'],
    ['select distinct not x from t', '(select distinct (not ?x) (from ?t))'],
    ['select top not in x from t', '(select (not-in ?top ?x) (from ?t))'],
    ['select distinct y from t', '(select distinct ?y (from ?t))'],
    ['select distinct *, y from t', '(select distinct * ?y (from ?t))'],
    ['select [HINT_KEEPORDER] * from t context by sym', '(select hint:128 * (from ?t) (context ?sym))'],
    ['select [128] sym from t', '(select hint:128 ?sym (from ?t))'],
    ['select count(*) from t', '(select (call ?count *) (from ?t))'],
    ['select t.* from t', '(select t.* (from ?t))'],
    ['select t.a from t', '(select (. ?t "a") (from ?t))'],
    ['select NULL as c, 1, `a as k from t', '(select NULL@c 1 "a"@k (from ?t))'],
    ['select price1...price5 from t', '(select price1...price5 (from ?t))'],
    ['select p1...p3 as a1...a3 from t', '(select p1...p3@a1...a3 (from ?t))'],
    [
      'select fixedLengthArrayVector(price1...price5) from t',
      '(select (call ?fixedLengthArrayVector price1...price5) (from ?t))',
    ],
    ['select ols(y,x) as `int`f1`f2 from t', '(select (call ?ols ?y ?x)@[int,f1,f2] (from ?t))'],
    [
      'select avg(x) from t group by sym, minute(ts) as m',
      '(select (call ?avg ?x) (from ?t) (group ?sym (call ?minute ?ts)@m))',
    ],
    [
      'select avg(x) as ax from t group by sym having avg(x) > 1 order by sym',
      '(select (call ?avg ?x)@ax (from ?t) (group ?sym) (having (gt (call ?avg ?x) 1)) (order ?sym))',
    ],
    [
      'select *, cumsum(x) from t context by sym csort time desc limit -2',
      '(select * (call ?cumsum ?x) (from ?t) (context ?sym) (csort ?time-) (limit -2))',
    ],
    ['select a from t limit 3', '(select ?a (from ?t) (limit 3))'],
    ['select a from t limit 2, 5', '(select ?a (from ?t) (limit 2 5))'],
    ['select first(id), count(*) from pt map', '(select (call ?first ?id) (call ?count *) (from ?pt) map)'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('a statement may go on at the next line', () => {
  it.each([
    [
      'select a\nfrom t\nwhere x > 1,\n  y < 2\ngroup by sym\norder by a',
      '(select ?a (from ?t) (where (gt ?x 1) (lt ?y 2)) (group ?sym) (order ?a))',
    ],
    ['x = select a from t\nwhere a > 1\ny = 2', '(= x (select ?a (from ?t) (where (gt ?a 1)))); (= y 2)'],
    [
      'select a\nfrom t\nwhere x > 1,\n  y < 2\n  and z > 3\ngroup by\n  sym,\n  b\norder by a,\n  b desc',
      '(select ?a (from ?t) (where (gt ?x 1) (and (lt ?y 2) (gt ?z 3))) (group ?sym ?b) (order ?a ?b-))',
    ],
    [
      'select wavg(price, qty) as wvap\n  , sum(qty) as q\nfrom t',
      '(select (call ?wavg ?price ?qty)@wvap (call ?sum ?qty)@q (from ?t))',
    ],
    ['select a, // comment\n b from t', '(select ?a ?b (from ?t))'],
    ['select\n  a,\n  b\nfrom\n  t\nwhere\n  a > 1', '(select ?a ?b (from ?t) (where (gt ?a 1)))'],
    ['update t set a = 1,\n  b = 2\nwhere c', '(update ?t a=1 b=2 (where ?c))'],
    ['select a b\nc = 1', '(select ?a@b); (= c 1)'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('predicates and sub-selects', () => {
  it.each([
    ['select a from t where sym in (`a, `b)', '(select ?a (from ?t) (where (in ?sym (tuple "a" "b"))))'],
    ['select a from t where sym in [1,2]', '(select ?a (from ?t) (where (in ?sym [1 2])))'],
    [
      'select a from t where sym in 1..5 and x = 1',
      '(select ?a (from ?t) (where (and (in ?sym (seq 1 5)) (eq ?x 1))))',
    ],
    ['select a from t where sym in (select c from u)', '(select ?a (from ?t) (where (in ?sym (select ?c (from ?u)))))'],
    ['select a from t where sym in select c from u', '(select ?a (from ?t) (where (in ?sym (select ?c (from ?u)))))'],
    ['select a from t where sym not in x', '(select ?a (from ?t) (where (not-in ?sym ?x)))'],
    ['select a from t where not sym in x', '(select ?a (from ?t) (where (not (in ?sym ?x))))'],
    ['select a from t where x between 1 and 5', '(select ?a (from ?t) (where (between ?x (pair 1 5))))'],
    [
      'select a from t where x between 1 and 5 and y > 2',
      '(select ?a (from ?t) (where (and (between ?x (pair 1 5)) (gt ?y 2))))',
    ],
    ['select a from t where x between 1:5', '(select ?a (from ?t) (where (between ?x (pair 1 5))))'],
    ['select a from t where x not between 1 and 5', '(select ?a (from ?t) (where (not-between ?x (pair 1 5))))'],
    ['select a from t where sym like "A%"', '(select ?a (from ?t) (where (like ?sym "A%")))'],
    ['select a from t where sym not like "A%"', '(select ?a (from ?t) (where (not-like ?sym "A%")))'],
    ['select a from t where x is null', '(select ?a (from ?t) (where (is-null ?x)))'],
    ['select a from t where x is not null', '(select ?a (from ?t) (where (is-not-null ?x)))'],
    ['select a from t where x is 3', '1:25 Keyword IS must be followed by [NOT] NULL. RefId: S06010'],
    [
      'select a from t where exists(select * from u where u.id = t.id)',
      '(select ?a (from ?t) (where (call ?exists (select * (from ?u) (where (eq (. ?u "id") (. ?t "id")))))))',
    ],
    [
      'select a from t where not exists(select * from u)',
      '(select ?a (from ?t) (where (not (call ?exists (select * (from ?u))))))',
    ],
    [
      'select a from t where price > any(select p from u)',
      '(select ?a (from ?t) (where (gt-any ?price (select ?p (from ?u)))))',
    ],
    ['select a from t where price = all(x)', '(select ?a (from ?t) (where (eq-all ?price ?x)))'],
    [
      'select a from t where price > select avg(price) from t3',
      '(select ?a (from ?t) (where (gt ?price (select (call ?avg ?price) (from ?t3)))))',
    ],
    [
      'select case when a > 1 then 2 when a > 0 then 1 else 0 end as k from t',
      '(select (case (gt ?a 1)=>2 (gt ?a 0)=>1 else=>0)@k (from ?t))',
    ],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('windows', () => {
  it.each([
    [
      'select sum(v) over (partition by sym order by time rows between 2 preceding and current row) as s from t',
      '(select (over (call ?sum ?v) (partition ?sym) (order ?time) (rows preceding:2 currentRow))@s (from ?t))',
    ],
    ['select row_number() over () from t', '(select (over (call ?row_number)) (from ?t))'],
    [
      'select sum(v) over (order by time range between unbounded preceding and unbounded following) from t',
      '(select (over (call ?sum ?v) (order ?time) (range unboundedPreceding unboundedFollowing)) (from ?t))',
    ],
    [
      'select sum(v) over (order by time rows 2 preceding) from t',
      '(select (over (call ?sum ?v) (order ?time) (rows preceding:2 currentRow)) (from ?t))',
    ],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('joins and sources', () => {
  it.each([
    [
      'select * from t1 inner join t2 on t1.id = t2.id and t1.x > 1',
      '(select * (from (inner ?t1 ?t2 on (and (eq (. ?t1 "id") (. ?t2 "id")) (gt (. ?t1 "x") 1)))))',
    ],
    [
      'select * from t1 left join t2 on t1.id = t2.id where x > 1',
      '(select * (from (left ?t1 ?t2 on (eq (. ?t1 "id") (. ?t2 "id")))) (where (gt ?x 1)))',
    ],
    [
      'select * from t1 left semijoin t2 on t1.id=t2.id',
      '(select * (from (leftSemi ?t1 ?t2 on (eq (. ?t1 "id") (. ?t2 "id")))))',
    ],
    [
      'select * from t1 full outer join t2 on t1.id=t2.id',
      '(select * (from (full ?t1 ?t2 on (eq (. ?t1 "id") (. ?t2 "id")))))',
    ],
    [
      'select * from t1 right join t2 on t1.id=t2.id',
      '(select * (from (right ?t1 ?t2 on (eq (. ?t1 "id") (. ?t2 "id")))))',
    ],
    ['select * from t1 cross join t2', '(select * (from (cross ?t1 ?t2)))'],
    ['select * from t1 join t2', '(select * (from (cross ?t1 ?t2)))'],
    ['select * from t1, t2', '(select * (from (comma ?t1 ?t2)))'],
    [
      'select * from t1 as a, t2 as b where a.x = b.x',
      '(select * (from (comma ?t1@a ?t2@b)) (where (eq (. ?a "x") (. ?b "x"))))',
    ],
    [
      'select * from t1 a left join t2 b on a.id = b.id',
      '(select * (from (left ?t1@a ?t2@b on (eq (. ?a "id") (. ?b "id")))))',
    ],
    ['select * from ej(t as a, t as b, `id)', '(select * (from (call ?ej ?t@a ?t@b "id")))'],
    ['select * from (select * from t) where x > 1', '(select * (from (select * (from ?t))) (where (gt ?x 1)))'],
    ['select * from (select * from t) as u', '(select * (from (select * (from ?t))@u))'],
    ['select * from select * from t', '(select * (from (select * (from ?t))))'],
    ['select * from loadTable("dfs://x", `pt)', '(select * (from (call ?loadTable "dfs://x" "pt")))'],
    ['select * from cat.sch.tab', '(select * (from (. (. ?cat "sch") "tab")))'],
    ['select * from t1 union all select * from t2', '(union-all (select * (from ?t1)) (select * (from ?t2)))'],
    [
      'select * from t1 union select * from t2 order by a',
      '(union (select * (from ?t1)) (select * (from ?t2)) (order ?a))',
    ],
    [
      'with a as (select * from t), b(c1, c2) as (select * from u) select * from a, b',
      '(with a=(select * (from ?t)) b[c1 c2]=(select * (from ?u)) (select * (from (comma ?a ?b))))',
    ],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('definitions', () => {
  it.each([
    [
      `create database "dfs://x" partitioned by VALUE(1..10), HASH([SYMBOL,40]), engine='TSDB', atomic='TRANS'`,
      '(create-database "dfs://x" (VALUE (seq 1 10)) (HASH [SYMBOL 40]) engine="TSDB" atomic="TRANS")',
    ],
    [
      'create table "dfs://x"."pt"(\n id INT,\n date DATE[comment="c", compress="delta"],\n p DECIMAL32(3)\n)\npartitioned by id, date,\nsortColumns=[`id,`date], keepDuplicates=ALL',
      '(create-table "dfs://x" pt id:INT date:DATE[comment="c" compress="delta"] p:DECIMAL32(3) (by ?id ?date) sortColumns=["id" "date"] keepDuplicates=:ALL)',
    ],
    ['create table tb(id SYMBOL, val DOUBLE)', '(create-table tb id:SYMBOL val:DOUBLE)'],
    ['create local temporary table "tb"(id INT) on commit preserve rows', '(create-temporary-table tb id:INT)'],
    ['drop database if exists "dfs://x"', '(drop-database if-exists "dfs://x")'],
    ['drop table if exists "dfs://x"."pt"', '(drop-table if-exists "dfs://x" pt)'],
    ['drop table t', '(drop-table t)'],
    ['alter table pt add column c INT', '(addColumn ?pt c INT)'],
    ['alter table pt drop column c', '(dropColumn ?pt c)'],
    ['alter table pt rename column c to d', '(renameColumn ?pt c d)'],
    ['alter table pt rename c to d', '(renameColumn ?pt c d)'],
    ['drop(x, 2)', "(call drop' x 2)"],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('queries inside expressions, names that are functions', () => {
  it.each([
    ['SELECT a FROM t WHERE x > 1 GROUP BY b', '(select ?a (from ?t) (where (gt ?x 1)) (group ?b))'],
    ['Select a from t', "1:8 expected the end of the statement, found 'a'"],
    [
      'select sum(x) as s, a from t group by a cgroup by b order by b',
      '(select (call ?sum ?x)@s ?a (from ?t) (group ?a) (cgroup ?b) (order ?b))',
    ],
    ['<select _$name from t>', '<(select _$name (from ?t))>'],
    ['<select sum:V(_$$names) as _$$alias from t>', '<(select (call (hof ?sum :V) _$$names)@_$$alias (from ?t))>'],
    ['<select a from t where x>3 and y>2>', '<(select ?a (from ?t) (where (and (gt ?x 3) (gt ?y 2))))>'],
    ['<select * from t>', '<(select * (from ?t))>'],
    ['(select a from t)[`a]', '(index (select ?a (from ?t)) "a")'],
    ['(exec a from t) + 1', '(add (exec ?a (from ?t)) 1)'],
    ['f(select a from t, 3)', "(call f' (select ?a (from ?t)) 3)"],
    ['f((select a, b from t), 3)', "(call f' (select ?a ?b (from ?t)) 3)"],
    ['exec x from t where y=1; z', '(exec ?x (from ?t) (where (eq ?y 1))); z'],
    ['select weights[symbol] from t', '(select (index ?weights ?symbol) (from ?t))'],
    [
      'select price.cumsum().mavg(3) as m from t context by sym',
      "(select (method (method ?price cumsum') mavg' 3)@m (from ?t) (context ?sym))",
    ],
    ['select a from t where x&y', '(select ?a (from ?t) (where (bitAnd ?x ?y)))'],
    ['select a from t where &avg(x) = 1', '(select ?a (from ?t) (where (eq (call &avg ?x) 1)))'],
    ['select iif(a>0, 1, -1) from t', '(select (call ?iif (gt ?a 0) 1 -1) (from ?t))'],
    ['select a > 0 ? 1 : 0 as k from t', '(select (gt ?a (? 0 1 0))@k (from ?t))'],
    ['select (a > 0) ? 1 : 0 as k from t', '(select (? (gt ?a 0) 1 0)@k (from ?t))'],
    ['select x-1, y -1 from t', '(select (sub ?x 1) (sub ?y 1) (from ?t))'],
    ['select rank(x) from t where x<-1', '(select (call ?rank ?x) (from ?t) (where (join ?x 1)))'],
    [
      'select wavg(price, qty) as wvap\n  , sum(qty) as q\nfrom t',
      '(select (call ?wavg ?price ?qty)@wvap (call ?sum ?qty)@q (from ?t))',
    ],
    ['select a b\nc = 1', '(select ?a@b); (= c 1)'],
    ['select a, // comment\n b from t', '(select ?a ?b (from ?t))'],
    ['t2 = select a from t; if(x) y', '(= t2 (select ?a (from ?t))); (if x {y})'],
    ['if(x) select a from t else select b from t', '(if x {(select ?a (from ?t))} {(select ?b (from ?t))})'],
    ['select max(a) - min(b) from t', '(select (sub (call ?max ?a) (call ?min ?b)) (from ?t))'],
    [
      'select a from t where date in 2020.01.01..2020.01.05',
      '(select ?a (from ?t) (where (in ?date (seq DATE:18262 DATE:18266))))',
    ],
    ['select a from t where sum(x) > 1 or y = 2', '(select ?a (from ?t) (where (or (gt (call ?sum ?x) 1) (eq ?y 2))))'],
    [
      'select count(*) from t where x = y and time between 1 : 2',
      '(select (call ?count *) (from ?t) (where (and (eq ?x ?y) (between ?time (pair 1 2)))))',
    ],
    ['select a as "b c", b as `d from t', '(select ?a@b c ?b@d (from ?t))'],
    [
      'select first(x) as first, last(x) as last from t',
      '(select (call ?first ?x)@first (call ?last ?x)@last (from ?t))',
    ],
    ['select left(s, 2) from t', '(select (call ?left ?s 2) (from ?t))'],
    ['select x from t where map = 1', '(select ?x (from ?t) (where (eq ?map 1)))'],
    ['select order from t', '(select ?order (from ?t))'],
    ['select top 5 * from t where x > 1 order by y', '(select top:0..5 * (from ?t) (where (gt ?x 1)) (order ?y))'],
    [
      'select x from t group by interval(time, 3s, "prev")',
      '(select ?x (from ?t) (group (call ?interval ?time DURATION:3s "prev")))',
    ],
    ['select sym, rank(-x) from t', '(select ?sym (call ?rank (neg ?x)) (from ?t))'],
    ['select -x from t', '(select (neg ?x) (from ?t))'],
    ['select last -1 from t', '(select (sub ?last 1) (from ?t))'],
    ['select mean x, last y from t', '(select ?mean@x (apply ?last ?y) (from ?t))'],
    ['select distinct sym from t order by sym', '(select distinct ?sym (from ?t) (order ?sym))'],
    // Without parameters to ask for, `name =` compares unless all arguments have that form.
    ['select iif(sym=`A, 1, 0) from t', '(select (call ?iif (eq ?sym "A") 1 0) (from ?t))'],
    ['select iif(sym=`A, b=1, 0) from t', '(select (call ?iif (eq ?sym "A") (eq ?b 1) 0) (from ?t))'],
    ['select g1(a=1, b=(2, c)) from t', '(select (call ?g1 a=1 b=(tuple 2 ?c)) (from ?t))'],
    [
      'def f1(p, q=1){ return p } select f1(q=1), f1(a=1), f1(p=a, q=2) from t',
      '(def f1 [p q=1] {(return p)}); (select (call ?f1 q=1) (call ?f1 (eq ?a 1)) (call ?f1 p=?a q=2) (from ?t))',
    ],
    ['select each(x->x+1, a) from t', '(select (call ?each (lambda [x] (add x 1)) ?a) (from ?t))'],
    ['select {x->x+1}(a) from t', '(select (call (lambda [x] (add x 1)) ?a) (from ?t))'],
    ['select sum(volume) total from t', '(select (call ?sum ?volume)@total (from ?t))'],
    ['select a first, b last from t', '(select ?a@first ?b@last (from ?t))'],
    ['select a sum b from t', '(select (infix ?sum ?a ?b) (from ?t))'],
    [
      'select sum(v) over (partition by sym order by time rows between 2 preceding and current row) as s from t',
      '(select (over (call ?sum ?v) (partition ?sym) (order ?time) (rows preceding:2 currentRow))@s (from ?t))',
    ],
    [
      'select sum(v) over (order by time range between unbounded preceding and unbounded following) from t',
      '(select (over (call ?sum ?v) (order ?time) (range unboundedPreceding unboundedFollowing)) (from ?t))',
    ],
    ['f(select a from t, 3)', "(call f' (select ?a (from ?t)) 3)"],
    ['(select a from t) union all (select a from d)', '(union-all (select ?a (from ?t)) (select ?a (from ?d)))'],
    ['(select a from t)\nunion (select a from d)', '(union (select ?a (from ?t)) (select ?a (from ?d)))'],
    [
      'x = (select a from t) union all (select a from d)',
      '(= x (union-all (select ?a (from ?t)) (select ?a (from ?d))))',
    ],
    [
      'x = (select a from t) union select a from d union all (select a from b) order by a limit 2',
      '(= x (union-all (union (select ?a (from ?t)) (select ?a (from ?d))) (select ?a (from ?b)) (order ?a) (limit 2)))',
    ],
    [
      'f((select a from t) union all (select a from d), 1)',
      "(call f' (union-all (select ?a (from ?t)) (select ?a (from ?d))) 1)",
    ],
    ['(select a from t) union 1', "1:19 expected the end of the statement, found 'union'"],
    ['(select a from t)\nunion(x, y)', '(select ?a (from ?t)); (call ?union x y)'],
    [
      '(select a from t) union all (select a from d order by b limit 1) order by a limit 2',
      '(union-all (select ?a (from ?t)) (select ?a (from ?d) (order ?b) (limit 1)) (order ?a) (limit 2))',
    ],
    ['(x) union y', "1:5 expected the end of the statement, found 'union'"],
    // Constants are no conditions, so the comma before them ends the query.
    ['f(select a from t where x=1, 3)', "(call f' (select ?a (from ?t) (where (eq ?x 1))) 3)"],
    [
      'f(select a from t where x=1, y=2, "a.csv", 5)',
      '(call f\' (select ?a (from ?t) (where (eq ?x 1) (eq ?y 2))) "a.csv" 5)',
    ],
    ['f(select a from t where x=1, `p`q)', '(call f\' (select ?a (from ?t) (where (eq ?x 1))) (run "p" "q"))'],
    ['f(select a from t where x=1, -1)', "(call f' (select ?a (from ?t) (where (eq ?x 1))) -1)"],
    ['f(select a from t order by x, 3)', "(call f' (select ?a (from ?t) (order ?x)) 3)"],
    ['f(select a from t where x=1, 3<y)', "(call f' (select ?a (from ?t) (where (eq ?x 1) (lt 3 ?y))))"],
    ['f(select a from t where x=1, y=2)', "(call f' (select ?a (from ?t) (where (eq ?x 1) (eq ?y 2))))"],
    ['f(select a from t where x=1, flag)', "(call f' (select ?a (from ?t) (where (eq ?x 1) ?flag)))"],
    // A variable alone is the next argument, too; a name behind a table, and another query.
    ['f(select a from t where x=1, y)', "(call f' (select ?a (from ?t) (where (eq ?x 1))) y)"],
    ['f(select a from t where x=1, y, 2)', "(call f' (select ?a (from ?t) (where (eq ?x 1))) y 2)"],
    ['f(select a from t where x=1, y=2, z)', "(call f' (select ?a (from ?t) (where (eq ?x 1) (eq ?y 2))) z)"],
    ['f{select a from t where x=1, y}', "(partial f' (select ?a (from ?t) (where (eq ?x 1))) y)"],
    ['f(select a from t, y)', "(call f' (select ?a (from ?t)) y)"],
    ['f(select a from t, name, 3)', "(call f' (select ?a (from ?t)) ?name 3)"],
    ['f(select a from t, d where x=1)', "(call f' (select ?a (from (comma ?t ?d)) (where (eq ?x 1))))"],
    ['f((select a from t, d))', "(call f' (select ?a (from (comma ?t ?d))))"],
    ['f(select a from t, select b from d, `k)', `(call f' (select ?a (from ?t)) (select ?b (from ?d)) "k")`],
    [
      'f(select a from t where x=1, select b from d)',
      "(call f' (select ?a (from ?t) (where (eq ?x 1))) (select ?b (from ?d)))",
    ],
    [
      'f(select a from t group by x, select b from d)',
      "(call f' (select ?a (from ?t) (group ?x)) (select ?b (from ?d)))",
    ],
    ['f(select a from t order by x, y)', "(call f' (select ?a (from ?t) (order ?x ?y)))"],
    ['g(f((select a from t where x=1, y)))', "(call g' (call f' (select ?a (from ?t) (where (eq ?x 1) ?y))))"],
    ['f(select a from t, b=1)', "(call f' (select ?a (from ?t)) b=1)"],
    ['select * from t1, t2', '(select * (from (comma ?t1 ?t2)))'],
    ['if(x) select a from t else select b from t', '(if x {(select ?a (from ?t))} {(select ?b (from ?t))})'],
    ['select from t', '1:8 SQL context is not initialized yet. RefId: S02011'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})
