import { describe, expect, it } from 'vitest'
import { bindInterrupt, INTERRUPT_CANCEL } from '../interrupt.ts'
import { failure, failureText, printed, runScript } from './script-testing.ts'

type Cases = readonly (readonly [string, string])[]

const control: Cases = [
  ['s=0; for(i in 0:5){ s+=i } s', '10'],
  ['s=0; for(i in 0..5){ s+=i } s', '15'],
  ['for(i in 4:1){ print(i) }', '3\n2\n1'],
  ['s=0; for(x in [1.5,2.5]){ s+=x } s', '4'],
  ['for(r in table(1 2 as a)){ print(r.a) }', '1\n2'],
  ['for(c in 1..4$2:2){ print(c) }', '[1,2]\n[3,4]'],
  ['i=0; do{ i+=1 } while(i<5)\ni', '5'],
  ['i=0; while(i<5){ i+=1 }\ni', '5'],
  ['for(i in 0:10){ if(i==3) break; print(i) }', '0\n1\n2'],
  ['for(i in 0:4){ if(i==1) continue; print(i) }', '0\n2\n3'],
  ['if(NULL) print(1) else print(2)', '2'],
  ['if(!NULL) print(1) else print(2)', '2'],
  ['if(3) print("yes")', 'yes'],
  ['x=2; if(x==1) print("a") else if(x==2) print("b") else print("c")', 'b'],
  ['for(i in 0:3){} i', '2'],
  ['for(i in 0:3){ for(j in 0:3){ if(j==1) break; print(string(i)+string(j)) } }', '00\n10\n20'],
]

const binding: Cases = [
  ['x=1 2 3; y=x; y[0]=9; x', '[1,2,3]'],
  ['x=1 2 3; &y=x; y[0]=9; x', '[9,2,3]'],
  ['x=1 2 3; y=x; x.append!(4); y', '[1,2,3,4]\n[1,2,3]'],
  ['x=1; y=2; x,y=y,x; print(x); print(y)', '2\n1'],
  ['a,b=(1,"x"); print(a); print(b)', '1\nx'],
  ['x,y=10; x+y', '20'],
  ['a,b=1..4$2:2; b', '[3,4]'],
  ['x=5; x+=2; x*=3; x-=1; x', '20'],
  ['tp=(1 2, 3); tp[0].append!(9); tp', '[1,2,9]\n([1,2],3)'],
  ['v=1 2; t=(v,1); v.append!(3); t', '[1,2,3]\n([1,2],1)'],
  ['v=1 2; d=dict(STRING,ANY); d["k"]=v; v[0]=9; d["k"]', '[1,2]'],
  ['v=1 2 3; t=table(v as a); v[0]=9; t.a', '[1,2,3]'],
  ['t=table(1 2 as a); u=t; u[`a]=5 6; t.a', '[1,2]'],
  ['t=table(1 2 as a); c=t.a; t[`a]=7 8; c', '[1,2]'],
  ['def f(mutable a){ a.append!(4) } x=1 2 3; f(x); x', '[1,2,3,4]'],
  ['def f(mutable a){ a=a+1 } x=5; f(x); x', '6'],
  ['def f(mutable a){ a[0]=100 } x=1 2; y=x; f(x); print(x); print(y)', '[100,2]\n[1,2]'],
  ['def f(){ r=[]; for(i in 0:3) r.append!(i); return r } f()', '[0,1,2]'],
  ['k=3; f=x->x+k; k=100; f(1)', '4'],
  ['def f(){ v=1 2; g=def(): v; v[0]=9; return g() } f()', '[1,2]'],
  ['const c=5; c', '5'],
  ['x=1; x=NULL; x', ''],
  ['share table(1 2 as a) as st; st[`a]=5 6; def f(){ return st.a } f()', '[5,6]'],
  ['x=1; undef(`x); defined(`x)', 'false'],
  ['h=append!{[1]}; h(2); h(3)', '[1,2]\n[1,2,3]'],
]

const errors: Cases = [
  ['try{ throw "bad" } catch(ex){ print(ex) }', '"USER" : "bad"'],
  ['try{ throw "bad" } catch(ex){ print(ex[1]) } print(ex[0])', 'bad\nUSER'],
  ['try{ 1 2 + 1 2 3 } catch(ex){ print(ex[1]) }', 'Incompatible vector size'],
  ['def f(){ throw "inner" } try{ f() } catch(ex){ print(ex[1]) }', 'inner'],
  ['try{ try{ throw "a" } catch(ex){ throw "b" } } catch(ex){ print(ex[1]) }', 'b'],
  [
    'def f(x){ return x } try{ f(1,2) } catch(ex){ print(ex[1]) }',
    'The function [f] expects 1 argument(s), but the actual number of arguments is: 2',
  ],
  [
    'try{ x=5; x(1) } catch(ex){ print(ex[1]) }',
    "The object '5' is neither an XDB connection nor a function definition. RefId: S06006",
  ],
  [
    'try{ x=1 2 3; x[9]=1 } catch(ex){ print(ex[1]) }',
    'Assignment statement failed probably due to invalid indices [x[9] = 1]',
  ],
  ['try{ if(1 2 3) print(1) } catch(ex){ print(ex[1]) }', "The vector can't be converted to bool scalar."],
  ['try{ s=set(1 2); s[0] } catch(ex){ print(ex[1]) }', 'A set does not support random access. RefId: S05001'],
  [
    'try{ 1:"a" } catch(ex){ print(ex[1]) }',
    'To form a pair, both operands must have the same data category. RefId: S06009',
  ],
  ['assert 1, 2>1', ''],
  ['assert 1 2 3 == 1 2 3', ''],
]

describe.each([
  ['control flow', control],
  ['binding and copy-on-write', binding],
  ['errors', errors],
])('%s', (_name, cases) => {
  it.each(cases)('%s', (script, expected) => {
    expect(printed(script)).toBe(expected)
  })
})

describe('errors that end a script', () => {
  it('carry line and column of the statement', () => {
    const error = failure('x=1 2\n\ny = x + 1 2 3')
    expect(error.position).toMatchObject({ line: 3, column: 1 })
  })

  it('name the functions on the way', () => {
    const error = failure('def g(x){\n  return x + 1 2 3\n}\ndef f(x){ return g(x) }\nf(1 2)')
    expect(error.frames.map((f) => f.name)).toEqual(['g', 'f'])
    expect(error.position?.line).toBe(2)
  })

  it('suggest names that are near', () => {
    expect(failureText('amount = 5\nprint(amuont)')).toContain('amount')
  })

  it('say that functions do not see variables of the session', () => {
    expect(failureText('k = 5\ndef f(){ return k }\nf()')).toMatch(/k/)
  })

  it('tell a failed assertion by its name, and go on', () => {
    expect(printed('assert total, 1==2\nprint("goes on")')).toBe('Testing case adhocTesting_total failed\ngoes on')
  })

  it('report endless recursion instead of dying', () => {
    expect(failure('def f(x){ return f(x+1) }\nf(1)').message).toContain('nested too deeply')
  })
})

describe('sessions', () => {
  it('time a statement', () => {
    expect(printed('timer(3) x=1')).toMatch(/^Time elapsed: [\d.]+ ms$/)
  })

  it('keep variables between runs', () => {
    const { session } = runScript('x=41')
    expect(session.display(session.run('x+1'))).toBe('42')
  })

  it('stop a loop when the interrupt word is set', () => {
    const word = new SharedArrayBuffer(4)
    bindInterrupt(word)
    try {
      new Int32Array(word)[0] = INTERRUPT_CANCEL
      const error = failure('i=0; while(true){ i+=1 }')
      expect(error.kind).toBe('cancelled')
    } finally {
      bindInterrupt(new SharedArrayBuffer(4))
    }
  })

  it('do not let a script catch its own cancellation', () => {
    const word = new SharedArrayBuffer(4)
    bindInterrupt(word)
    try {
      new Int32Array(word)[0] = INTERRUPT_CANCEL
      expect(failure('try{ while(true){} } catch(ex){ print("caught") }').kind).toBe('cancelled')
    } finally {
      bindInterrupt(new SharedArrayBuffer(4))
    }
  })
})
