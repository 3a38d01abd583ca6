import { describe, expect, it } from 'vitest'
import { dumpScript } from '../testing-dump.ts'

describe('blocks, conditions and loops', () => {
  it.each([
    ['x = 1; y = 2', '(= x 1); (= y 2)'],
    ['x = 1;; y', '(= x 1); y'],
    [';;', ''],
    ['if(x > 1) y = 2', '(if (gt x 1) {(= y 2)})'],
    ['if(x) y = 1 else y = 2', '(if x {(= y 1)} {(= y 2)})'],
    ['if(a) b; else c', '(if a {b} {c})'],
    ['if(a) b\nelse c', '(if a {b} {c})'],
    ['if(a)\n  b\nelse\n  c', '(if a {b} {c})'],
    ['if(a){b} else if(c){d} else {x}', '(if a {b} {(if c {d} {x})})'],
    ['if(a){\n  b\n}\nelse{\n  c\n}\nx', '(if a {b} {c}); x'],
    ['if(a) if(b) c else d', '(if a {(if b {c} {d})})'],
    ['if (a) {b}', '(if a {b})'],
    ['for(i in 0:10){ print(i) }', "(for i (pair 0 10) {(call print' i)})"],
    ['for(i in x) print(i)', "(for i x {(call print' i)})"],
    ['for(v in x)\n{\n  print v\n}', "(for v x {(apply print' v)})"],
    ['do{ x += 1 } while(x < 3)', '(do {(=add x 1)} (lt x 3))'],
    ['do {\n  x += 1\n}\nwhile(x < 3)', '(do {(=add x 1)} (lt x 3))'],
    ['while(x < 3){ x += 1; if(x == 2) break }', '(while (lt x 3) {(=add x 1); (if (eq x 2) {break})})'],
    ['while(true) x = 1', '(while true {(= x 1)})'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('try, throw, assert, timer', () => {
  it.each([
    ['try{ throw "a" } catch(ex){ print(ex[1]) }', `(try {(throw "a")} ex {(call print' (index ex 1))})`],
    ['try {\n  f(1)\n}\ncatch(ex) {\n  print ex\n}', "(try {(call f' 1)} ex {(apply print' ex)})"],
    ['throw "x" + y', '(throw (add "x" y))'],
    ['throw ex[1]', '(throw (index ?ex 1))'],
    ['assert 1 == 1', '(assert (eq 1 1))'],
    ['assert x, y == 1', '(assert "x" (eq y 1))'],
    ['assert my case, y == 1', '(assert "my case" (eq y 1))'],
    ['assert 1, y == 1', '(assert "1" (eq y 1))'],
    ['assert "s", y', '(assert "s" y)'],
    ['assert f(x)', "(assert (call f' x))"],
    ['assert eqObj(f(x), y)', "(assert (call ?eqObj (call f' x) y))"],
    ['timer x = 1', '(timer {(= x 1)})'],
    ['timer(10) f(x)', "(timer 10 {(call f' x)})"],
    ['timer{ f(x); g(x) }', "(timer {(call f' x); (call g' x)})"],
    ['timer(3){ f(x) }', "(timer 3 {(call f' x)})"],
    ['timer f(x)', "(timer {(call f' x)})"],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('statements about names and modules', () => {
  it.each([
    ['share t as name', '(share t name)'],
    ['share(t, "name")', `(call share' t "name")`],
    ['undef all', '(undef all)'],
    ['undef all, VAR', '(undef all :VAR)'],
    ['undef(`x)', `(call undef' "x")`],
    ['undef("x")', `(call undef' "x")`],
    ['undef(`x`y, VAR)', `(call undef' (run "x" "y") :VAR)`],
    ['undef x', '(undef x)'],
    ['undef x, VAR', '(undef x :VAR)'],
    ['module a::b', '(module a::b)'],
    ['use a::b', '(use a::b)'],
    ['use catalog c', '(use catalog c)'],
    ['#include "a.dos"', '(include "a.dos")'],
    ['#include a', "1:10 expected the path of the file in quotes, found 'a'"],
    ['#a', "1:2 expected 'include' after '#', found 'a'"],
    ['const k = 3', '(const k 3)'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('assignments', () => {
  it.each([
    ['const k = 3; k = 4', "1:14 Constant variable [k] can't be modified."],
    ['const k = 3; k[0] = 4', "1:14 Constant variable [k] can't be modified."],
    ['&w = x', '(alias w x)'],
    ['x += 1', '(=add x 1)'],
    ['x[1 3] += 10', '(=add (index x (run 1 3)) 10)'],
    ['x[1,] = 3', '(= (index x 1 _) 3)'],
    ['x[:] = 2', '(= (index x (pair _ _)) 2)'],
    ['x[a > 3] = 1', '(= (index x (gt a 3)) 1)'],
    ['x, y = 10', '(= x y 10)'],
    ['x, y = y, x', '(= x y (tuple y x))'],
    ['a, b = f(1)', "(= a b (call f' 1))"],
    ['x[0], y = 1, 2', '(= (index x 0) y (tuple 1 2))'],
    ['x -= 1; x *= 2; x /= 3; x \\= 4', '(=sub x 1); (=mul x 2); (=div x 3); (=ratio x 4)'],
    ['t[`c] = 1', '(= (index t "c") 1)'],
    ['t[`c, <x<2>] = <qty+100>', '(= (index t "c" <(lt ?x 2)>) <(add ?qty 100)>)'],
    ['t.x += 1', "1:5 Can't use assignment in expression."],
    ['d.2 = 5', "1:5 Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011"],
    ['d.k = 5', "1:5 Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011"],
    ['t.c = 1', "1:5 Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011"],
    ['f(x) = 3', "1:6 Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011"],
    ['1 = 2', "1:3 Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011"],
    ['pi = 3', "1:1 Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011"],
    ['e=1', "1:1 Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011"],
    ['x := 3', "1:4 Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011"],
    ['x++', "1:3 expected an expression, found '+'"],
    ['INT = 3', "1:1 INT is a reserved word and can't name a variable."],
    ['in = 3', "1:1 in is a reserved word and can't name a variable."],
    ['for = 1', "1:1 for is a reserved word and can't name a variable."],
    ['a,\nb = 1, 2', '(= a b (tuple 1 2))'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('functions and their parameters', () => {
  it.each([
    ['def f1(a, b){ return a + b }', '(def f1 [a b] {(return (add a b))})'],
    ['def f1(a, b): a + b', '(def f1 [a b] (add a b))'],
    [
      'def f1(a,b=2, mutable c){ c.append!(a) }',
      '1:15 All parameters behind a parameter with default value must have default values. RefId: S06013',
    ],
    ['def f1(mutable a){ a.append!(1) }', "(def f1 [!a] {(method a append!' 1)})"],
    ['def f1(mutable a=1){ a }', '1:8 A parameter with default value must be read only. RefId: S06012'],
    [
      'def f1(a=1, b){ a }',
      '1:13 All parameters behind a parameter with default value must have default values. RefId: S06013',
    ],
    ['def f1(a){ a = 1 }', "1:12 Constant variable [a] can't be modified."],
    ['def f1(a){ a[0] = 1 }', "1:12 Constant variable [a] can't be modified."],
    ['def f1(a){ a += 1 }', "1:12 Constant variable [a] can't be modified."],
    ['def f1(mutable a){ a = 1; a[0] = 2 }', '(def f1 [!a] {(= a 1); (= (index a 0) 2)})'],
    ['def f1(const a){ return a }', '(def f1 [a] {(return a)})'],
    ['def f1(a){ for(a in 1..3) print a }', "1:16 Constant variable [a] can't be modified."],
    ['def f1(a){ x, a = 1, 2 }', "1:15 Constant variable [a] can't be modified."],
    ['def f1(a){ &a = b }', "1:12 Constant variable [a] can't be modified."],
    ['def f1(a){ try{ f(1) } catch(a){ } }', "1:30 Constant variable [a] can't be modified."],
    ['def f1(a){ g1 = def(b){ a = b } }', '(def f1 [a] {(= g1 (lambda [b] {(= a b)}))})'],
    ['def f1(a){ g1 = def(b): a + b; return g1 }', '(def f1 [a] {(= g1 (lambda [b] <a> (add a b))); (return g1)})'],
    ['def f1(a){ return x }', '(def f1 [a] {(return ?x)})'],
    ['def f1(){ return }', '(def f1 [] {(return)})'],
    ['def f1(){ x = 1; return x, 2 }', '(def f1 [] {(= x 1); (return (tuple x 2))})'],
    ['def f1()\n{\n  return 1\n}', '(def f1 [] {(return 1)})'],
    [
      'def f1(x) { if(x > 1) return x * f1(x - 1); return 1 }',
      "(def f1 [x] {(if (gt x 1) {(return (mul x (call f1' (sub x 1))))}); (return 1)})",
    ],
    [
      'def f1(x) { if(x > 1) { return x } else { return 2 } }',
      '(def f1 [x] {(if (gt x 1) {(return x)} {(return 2)})})',
    ],
    ['def sum(a){ a }', '1:5 Not allowed to overwrite existing built-in functions/procedures. RefId: S06005'],
    [
      'def f1(){ def f2(){ } }',
      '1:15 Not allowed to define a named function [f2] within another function. RefId: S06003',
    ],
    [
      'def f1(){ share t as s }',
      "1:11 'share' statement can't be declared within a function definition. RefId: S06002",
    ],
    ['def f1(a)', '1:5 Function <f1> is declared but not defined yet. RefId: S06007'],
    [
      'def f1(a, b); def f1(a){ a }',
      '1:19 The signature of function <f1> differs from that of its declaration. RefId: S06008',
    ],
    ['def f1(a); f1(1); def f1(a){ return a }', "(def f1 [a]); (call f1' 1); (def f1 [a] {(return a)})"],
    ['defg f1(x){ return sum(x) }', "(defg f1 [x] {(return (call sum' x))})"],
    ['def f1(a, a){ }', '1:11 Duplicate parameter name [a].'],
    ['def f1(t): select * from t where x > 1', '(def f1 [t] (select * (from ?t) (where (gt ?x 1))))'],
    [
      'def f1(t){ return select sum(v) as s from t group by k }',
      '(def f1 [t] {(return (select (call ?sum ?v)@s (from ?t) (group ?k)))})',
    ],
    ['def f1(x): x -> x + 1', '(def f1 [x] (lambda [x] (add x 1)))'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('annotations, transactions, mapr and classes', () => {
  it.each([
    ['@state\ndef f1(x){ return x }', '(def @state f1 [x] {(return x)})'],
    ['@jit\n@state\ndef f1(x): x', '(def @jit @state f1 [x] x)'],
    ['@testing: case="x", exception=1', '(annotation testing case="x" exception=1)'],
    ['transaction{ update t set x = 1; commit }', '(transaction {(update ?t x=1); commit})'],
    ['mapr f1(x){ sum(x), count(x) -> div }', "(mapr f1 [x] (form (call sum' x) (call count' x) -> ?div))"],
    ['mapr f1(x){ sum(x) -> sum; cumsum }', "(mapr f1 [x] (form (call sum' x) -> sum') (form cumsum'))"],
    [
      'mapr f1(x){ sum(x), count(x) -> div; cumsum, cumsum -> div }',
      "(mapr f1 [x] (form (call sum' x) (call count' x) -> ?div) (form cumsum' cumsum' -> ?div))",
    ],
    [
      'class C { a :: INT\n  b :: INT VECTOR\n  c :: INT[] VECTOR\n  d :: ANY\n  def C(p){ a = p }\n  def m(){ return a }\n}',
      '(class C a::INT b::INT-VECTOR c::INT[]-VECTOR d::ANY (def C [p] {(= a p)}) (def m [] {(return ?a)}))',
    ],
    ['class D : C { x :: INT; def D(a){ C(a) } }', '(class D :C x::INT (def D [a] {(call ?C a)}))'],
    ['class C { def first(x){ return x }\n def C(){} }', '(class C (def first [x] {(return x)}) (def C [] {}))'],
    ['class C { def m(x)\n def C(){} }', '1:11 Function <m> is declared but not defined yet. RefId: S06007'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('go divides a script, but no block', () => {
  it.each([
    ['go', ''],
    ['x = 1\ngo\ny = x', '(= x 1); (= y x)'],
    ['if(x){ go }', "1:8 'go' is not allowed inside a block."],
    ['if(x) go', "1:7 'go' is not allowed inside a block."],
    ['def f1(){ go }', "1:11 'go' is not allowed inside a block."],
    ['const k = 1\ngo\nk = 2', '(const k 1); (= k 2)'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('a variable named like a function hides it, except in a call', () => {
  it.each([
    ['date = 2020.01.01; date(date)', '(= date DATE:18262); (call date date)'],
    ['def f1(symbol){ symbol = 1; return symbol }', "1:17 Constant variable [symbol] can't be modified."],
    [
      'def f1(){ symbol = symbol(take(`a, 3)); return symbol(symbol) }',
      `(def f1 [] {(= symbol (call symbol' (call take' "a" 3))); (return (call symbol symbol))})`,
    ],
    ['time = 3; time + 1', '(= time 3); (add time 1)'],
    ['update = 3', '(= update 3)'],
    ['value = 3; value -1', '(= value 3); (sub value 1)'],
    ['print value -1', "(apply print' (apply value' -1))"],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('the rest of the statements', () => {
  it.each([
    ['[1,2]', '[1 2]'],
    ['"a"', '"a"'],
    ['-1', '-1'],
    ['x =\n3', '(= x 3)'],
    ['def f1(a){ return a } x = 1', '(def f1 [a] {(return a)}); (= x 1)'],
    ['f()()', "(call (call f'))"],
    ['x = select a from t; y = 1', '(= x (select ?a (from ?t))); (= y 1)'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})
