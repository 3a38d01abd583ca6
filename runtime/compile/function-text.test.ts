/** How functions print (language specification, 5.8 and 7.2). */
import { describe, expect, it } from 'vitest'
import { printed } from './script-testing.ts'

describe('a function prints', () => {
  it.each([
    ['a builtin as its name', 'print(sum)', 'sum'],
    ['a named function as it was defined', 'def f(x){ return x+1 }\nprint(f)', 'def f(x){ return x+1 }'],
    ['a lambda in one form, however it was written', 'print(x->x+1)', '{def (x)->x + 1}'],
    ['a lambda of several parameters', 'print({x,y->x*(x+y)})', '{def (x, y)->x * (x + y)}'],
    ['a lambda with def', 'print(def(x,y=2): pow(x,y))', '{def (x, y=2)->pow(x, y)}'],
    ['an anonymous aggregate', 'print({defg(x)->sum(x)/max(x)})', '{defg (x)->sum(x) / max(x)}'],
    ['a lambda of statements as it was written', 'print(def(x){ y=x; return y })', '{def (x){ y=x; return y }}'],
    [
      'a closure with the values that it captured',
      'def f(x){ return def(k): pow(x,k) }\nprint(f(1))',
      '{def (x, k)->pow(x, k)}{1}',
    ],
    [
      'several captured values',
      'def f(x,s){ return {v->v+x+s} }\nprint(f(1 2,"a"))',
      '{def (x, s, v)->v + x + s}{[1,2], "a"}',
    ],
    [
      'a closure of statements',
      'def f(a){ return def(b){ return a pow b } }\nprint(f(10))',
      '{def (a, b){ return a pow b }}{10}',
    ],
    ['a closure of the top level', 'n=3\nprint(x->x+n)', '{def (n, x)->x + n}{3}'],
    ['fixed arguments, free ones empty', 'print(hashBucket{,50})', 'hashBucket{, 50}'],
    ['fixed arguments of a lambda', 'print({x,k->pow(x,k)}{1})', '{def (x, k)->pow(x, k)}{1}'],
    [
      'fixed arguments of a closure',
      'def f(a){ return {x,y->x+y+a} }\ng=f(1)\nprint(g{2})',
      '{def (a, x, y)->x + y + a}{1}{2}',
    ],
    ['DFLT for an argument fixed at its default', 'def f(a,b=3,c=4): a+b+c\nprint(f{,DFLT,5})', 'f{, DFLT, 5}'],
    ['its name when arguments of a named function are fixed', 'def f(a,b): a+b\nprint(f{,"x"})', 'f{, "x"}'],
    ['the same inside a tuple', 'print((sum, x->x+1))', '(sum,{def (x)->x + 1})'],
  ])('%s', (_, script, text) => {
    expect(printed(script)).toBe(text)
  })
})
