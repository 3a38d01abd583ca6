// How deep a script may nest, on a thread with the stack of a session thread: the descent of the parser needs it.
import { Worker } from 'node:worker_threads'
import { beforeAll, describe, expect, it } from 'vitest'
import { MAX_NESTING } from './parser/cursor.ts'

/** As in jobs/job-pool.ts. */
const STACK_MB = 16

/** What opens and closes a level, and what stands innermost. */
const kinds = [
  ['parentheses', '(', 'x', ')'],
  ['brackets', '[', 'x', ']'],
  ['tuples', '(1, ', 'x', ')'],
  ['calls', 'f(', 'x', ')'],
  ['indexes', 'x[', '0', ']'],
  ['fixed arguments', 'f{', 'x', '}'],
  ['dictionaries', '{a: ', '1', '}'],
  ['queries in from', 'select a from (', 't', ')'],
  ['queries in where', 'select a from t where a in (', 'x', ')'],
  ['queries as arguments', 'f(select a from t where a > ', 'x', ')'],
  ['metacode', '(<', 'x', '>)'],
  ['lambdas in braces', '{a -> ', 'a', '}'],
  ['arrows', 'a -> ', 'a', ''],
  ['functions applied by a blank', 'f ', 'x', ''],
  ['signs', '-', 'x', ''],
  ['ternaries', '(x) ? 1 : ', '2', ''],
  ['blocks', 'if(x){', 'y = 1', '}'],
  ['loops', 'for(i in 0:1){\n', 'y = 1', '\n}'],
  ['errors caught', 'try{', 'y = 1', '}catch(ex){}'],
] as const

type Outcome = readonly string[]
const outcomes = new Map<string, Outcome>()

const code = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.lang).then(({ parseScript, SourceText }) => {
  const names = { isFunction: (n) => n === 'f', isVariable: (n) => n === 'x' || n === 't' }
  const parse = (text) => parseScript(new SourceText(text), names).errors.map((e) => e.message)
  parentPort.postMessage(workerData.texts.map(parse))
})`

function parseOnThread(texts: readonly string[]): Promise<readonly Outcome[]> {
  const workerData = { lang: new URL('./index.ts', import.meta.url).href, texts }
  const worker = new Worker(code, { eval: true, workerData, resourceLimits: { stackSizeMb: STACK_MB } })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

describe('nesting', () => {
  beforeAll(async () => {
    const at = (depth: number) =>
      kinds.map(([, open, inner, close]) => open.repeat(depth) + inner + close.repeat(depth))
    const deep = await parseOnThread([...at(1000), ...at(2 * MAX_NESTING + 1), ...at(10_000)])
    kinds.forEach(([name], k) => {
      outcomes.set(`${name} within`, deep[k])
      outcomes.set(`${name} beyond`, deep[kinds.length + k])
      outcomes.set(`${name} far beyond`, deep[2 * kinds.length + k])
    })
  })

  it.each(kinds.map(([name]) => name))(
    'of %s goes to 1,000 levels, and ends beyond the stated limit with one clear error',
    (name) => {
      const error = [`This is nested too deeply: ${MAX_NESTING} levels are allowed.`]
      expect(outcomes.get(`${name} within`)).toEqual([])
      expect(outcomes.get(`${name} beyond`)).toEqual(error)
      expect(outcomes.get(`${name} far beyond`)).toEqual(error)
    },
  )
})
