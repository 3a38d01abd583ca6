/** What a script asks about itself: types, names, time, memory, running other scripts, help. */

import { readFileSync } from 'node:fs'
import { arch, cpus, platform } from 'node:os'
import { dropShared, share, undefine } from '../compile/effects.ts'
import type { Host } from '../compile/host.ts'
import { inputError, usageError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { liesInMemory } from '../sql/partitions-in-memory.ts'
import { allocatedBytes, collectGarbage, memoryLimit } from '../values/allocator.ts'
import {
  AnyVector,
  type BuiltinFunction,
  bigArrays,
  Dict,
  type FunctionValue,
  type Key,
  Scalar,
  StringVector,
  T,
  Table,
  type TypeId,
  tableOf,
  typeName,
  type Value,
  type Vector,
  vectorOf,
} from '../values/index.ts'
import { type Arg, boolArg, intArg, isGiven, textArg, textListArg } from './args.ts'

const { entries, define } = topicTable('Session and introspection')

export const PRODUCT_VERSION = '0.1.0'

// ---------------------------------------------------------------------------------------------------------------------
// Types and forms

const FORM: Readonly<Record<Value['kind'], number>> = {
  scalar: 0,
  vector: 1,
  pair: 2,
  matrix: 3,
  set: 4,
  dict: 5,
  table: 6,
  source: 6,
  function: 0,
  code: 0,
  resource: 0,
}

define('form(X)', {
  doc: 'Form id: 0 scalar, 1 vector, 2 pair, 3 matrix, 4 set, 5 dictionary, 6 table; the constants SCALAR, VECTOR ... hold the same numbers.',
  call: ([x]) => Scalar.int(FORM[(x as Value).kind]),
})

export function typeOf(x: Value): number {
  switch (x.kind) {
    case 'dict':
      return x.valueType
    case 'table':
    case 'source':
      // Tables report the id of a dictionary of mixed values.
      return T.ANY
    case 'function':
      return T.FUNCTIONDEF
    case 'code':
      return T.CODE
    default:
      return x.type
  }
}

define('type(X)', {
  doc: 'Type id of the data: type(1) is 4, comparable with the type constants (type(x)==INT).',
  call: ([x]) => Scalar.int(typeOf(x as Value)),
})

/** What is kept in a typed array is called fast. */
const fast = (type: TypeId): string =>
  type === T.STRING || type === T.ANY || type === T.BLOB || type === T.VOID ? '' : 'FAST '

function typeText(x: Value): string {
  switch (x.kind) {
    case 'scalar':
      return typeName(x.type)
    case 'vector':
      if (x instanceof AnyVector && x.length > 0 && x.values.every((v) => v.kind === 'scalar' && v.type === T.VOID))
        return 'VOID VECTOR'
      return `${bigArrays.has(x) ? 'HUGE ' : fast(x.type)}${typeName(x.type)} VECTOR`
    case 'pair':
      return `${typeName(x.type)} PAIR`
    case 'matrix':
      return `${fast(x.type)}${typeName(x.type)} MATRIX`
    case 'set':
      return `${typeName(x.type)} SET`
    case 'dict':
      return `${typeName(x.keyType)}->${typeName(x.valueType)} DICTIONARY`
    case 'table':
      return x.keyColumns === undefined ? 'IN-MEMORY TABLE' : x.indexed ? 'INDEXED TABLE' : 'KEYED TABLE'
    case 'source':
      if (liesInMemory(x)) return 'SEGMENTED IN-MEMORY TABLE'
      return x.source.partitionColumns().length === 0 ? 'DIMENSION TABLE' : 'SEGMENTED DFS TABLE'
    case 'function':
      return 'FUNCTIONDEF'
    case 'code':
      return 'CODE'
    case 'resource':
      return x.resourceType.toUpperCase()
  }
}

define('typestr(X)', {
  doc: 'Name of type and form: INT, FAST INT VECTOR, STRING->INT DICTIONARY, IN-MEMORY TABLE.',
  call: ([x]) => Scalar.string(typeText(x as Value)),
})

// ---------------------------------------------------------------------------------------------------------------------
// Output and time

define('print(X...)', {
  doc: 'Writes each argument as text with a new line.',
  call: (args, session) => {
    for (const x of args) session.print(session.display(x ?? Scalar.VOID))
    return Scalar.VOID
  },
})

/** Waits in pieces, so that a cancelled job stops within a tenth of a second. */
export function sleepMs(ms: number): void {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const end = performance.now() + ms
  for (;;) {
    checkInterrupt()
    const left = end - performance.now()
    if (left <= 0) return
    Atomics.wait(cell, 0, 0, Math.min(left, 50))
  }
}

define('sleep(X)', {
  doc: 'Waits X milliseconds. Cancelling the job ends the wait.',
  call: ([ms]) => {
    sleepMs(Math.max(0, intArg(ms, 'sleep(X)', 'X')))
    return Scalar.VOID
  },
})

define('evalTimer(funcs, [count=1])', {
  doc: 'Milliseconds that calling the function (without arguments), or each of a tuple of functions, takes count times.',
  call: ([funcs, count], session) => {
    const list: Value[] =
      funcs?.kind === 'vector' ? Array.from({ length: funcs.length }, (_, k) => funcs.get(k)) : [funcs as Value]
    const n = intArg(count, 'evalTimer(funcs, [count])', 'count', 1)
    const start = performance.now()
    for (let k = 0; k < n; k++)
      for (const f of list) {
        if (f.kind !== 'function') throw usageError('evalTimer(funcs, [count])', 'funcs must be functions.')
        session.call(f, [])
      }
    return Scalar.double(performance.now() - start)
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Names

/** The value named, searched as in the session; `sharedOnly` skips session variables. */
export function objectNamed(session: Session, name: string, sharedOnly: boolean): Value {
  const found = sharedOnly ? session.shared.get(name) : session.variable(name)
  if (found === undefined) throw inputError(`Can't find the object with name ${name}`, { code: 'unknownName' })
  return found
}

define('objByName(name, [sharedVar=false])', {
  doc: 'Looks a name up when it runs: session variable, then shared object (only those with sharedVar).',
  call: ([name, shared], session) =>
    objectNamed(
      session,
      textArg(name, 'objByName(name)', 'name'),
      boolArg(shared, 'objByName(name, [sharedVar])', 'sharedVar', false),
    ),
})

function isDefined(session: Session, name: string, kind: string): boolean {
  if (kind === 'SHARED') return session.shared.has(name)
  if (kind === 'DEF') return session.userFunction(name) !== undefined || session.registry.has(name)
  return session.variable(name) !== undefined
}

define('defined(names, [type=VAR])', {
  doc: 'Whether names are variables (VAR), shared objects (SHARED) or functions (DEF).',
  call: ([names, kind], session) => {
    const word = isGiven(kind) ? textArg(kind, 'defined(names, [type])', 'type').toUpperCase() : 'VAR'
    const list = textListArg(names, 'defined(names, [type])', 'names')
    if (names?.kind === 'scalar') return Scalar.bool(isDefined(session, list[0], word))
    return vectorOf(
      T.BOOL,
      list.map((name) => (isDefined(session, name, word) ? 1 : 0)),
    )
  },
})

define('undef(obj, [objType=VAR])', {
  doc: 'Drops variables (VAR), shared objects (SHARED) or functions (DEF) by name.',
  call: ([names, kind], session) => {
    undefine(session as Host, names, isGiven(kind) ? kind : undefined)
    return Scalar.VOID
  },
})

define('share(table, sharedName)', {
  doc: 'Makes a table visible to all sessions under a name; usable in functions, unlike the statement.',
  call: ([table, name], session) => {
    share(session as Host, table as Value, textArg(name, 'share(table, sharedName)', 'sharedName'))
    return Scalar.VOID
  },
})

define('dropShared(name)', {
  doc: 'Ends the sharing of an object.',
  call: ([name], session) => {
    dropShared(session as Host, textArg(name, 'dropShared(name)', 'name'))
    return Scalar.VOID
  },
})

const FORM_NAMES = ['SCALAR', 'VECTOR', 'PAIR', 'MATRIX', 'SET', 'DICTIONARY', 'TABLE']

function dimensions(v: Value): { rows: number; columns: number } {
  switch (v.kind) {
    case 'table':
      return { rows: v.rows, columns: v.columns.length }
    case 'source':
      return { rows: 0, columns: v.source.schema().length }
    case 'matrix':
      return { rows: v.rows, columns: v.cols }
    case 'vector':
      return { rows: v.length, columns: 1 }
    case 'dict':
      return { rows: v.entries.size, columns: 1 }
    case 'set':
      return { rows: v.members.size, columns: 1 }
    default:
      return { rows: v.kind === 'pair' ? 2 : 0, columns: 0 }
  }
}

define('objs([shared=false])', {
  doc: 'Table of the variables of the session, and with shared=true of the shared objects: name, type, form, rows, columns, bytes, shared, extra.',
  call: ([withShared], session) => {
    const rows: [string, Value, boolean][] = session
      .variableNames()
      .map((name): [string, Value, boolean] => [name, session.variable(name) as Value, false])
    if (boolArg(withShared, 'objs([shared])', 'shared', false))
      for (const [name, value] of session.shared) rows.push([name, value, true])
    return tableOf({
      name: new StringVector(rows.map(([name]) => name)),
      type: new StringVector(
        rows.map(([, v]) => (v.kind === 'table' || v.kind === 'source' ? 'BASIC' : typeName(typeOf(v)))),
      ),
      form: new StringVector(rows.map(([, v]) => FORM_NAMES[FORM[v.kind]])),
      rows: vectorOf(
        T.INT,
        rows.map(([, v]) => dimensions(v).rows),
      ),
      columns: vectorOf(
        T.INT,
        rows.map(([, v]) => dimensions(v).columns),
      ),
      bytes: vectorOf(
        T.LONG,
        rows.map(([, v]) => BigInt(bytesOf(v))),
      ),
      shared: vectorOf(
        T.BOOL,
        rows.map(([, , s]) => (s ? 1 : 0)),
      ),
      extra: new StringVector(rows.map(() => '')),
    })
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Memory

/** Bytes that a value holds, roughly: buffers exactly, strings by their characters. */
export function bytesOf(v: Value): number {
  switch (v.kind) {
    case 'scalar':
      return typeof v.value === 'string' ? 32 + v.value.length : 32
    case 'vector':
      return vectorBytes(v)
    case 'matrix':
      return vectorBytes(v.data)
    case 'table':
      return v.columns.reduce((sum, c) => sum + vectorBytes(c), 0)
    case 'dict':
      return [...v.entries.values()].reduce((sum, x) => sum + 48 + bytesOf(x), 64)
    case 'set':
      return 64 + v.members.size * 40
    default:
      return 64
  }
}

function vectorBytes(v: Vector): number {
  switch (v.storage) {
    case 'fixed':
    case 'wide':
    case 'symbol':
      return v.data.byteLength
    case 'string':
      return v.utf8 !== undefined && v.isUtf8Only
        ? v.utf8.bytes.byteLength + v.utf8.offsets.byteLength
        : stringBytes(v.strings)
    case 'any':
      return v.values.reduce((sum, x) => sum + bytesOf(x), 0)
    case 'array':
      return v.offsets.byteLength + vectorBytes(v.flat)
  }
}

function stringBytes(strings: readonly string[]): number {
  let sum = 0
  for (const s of strings) sum += 16 + s.length
  return sum
}

define('memSize(obj)', {
  doc: 'Bytes that a value holds, approximately.',
  call: ([x]) => Scalar.long(bytesOf(x as Value)),
})

const dictOf = (pairs: readonly (readonly [string, Value])[]): Dict =>
  new Dict(T.STRING, T.ANY, new Map<Key, Value>(pairs.map(([k, v]) => [k, v])), true)

define('mem([freeUnusedBlocks=false])', {
  doc: 'Dictionary with freeBytes and allocatedBytes of the session; with true, garbage is collected first.',
  call: ([free]) => {
    if (boolArg(free, 'mem([freeUnusedBlocks])', 'freeUnusedBlocks', false)) collectGarbage()
    const used = allocatedBytes()
    const heap = process.memoryUsage()
    return dictOf([
      ['freeBytes', Scalar.long(heap.heapTotal - heap.heapUsed)],
      ['allocatedBytes', Scalar.long(used + heap.heapUsed)],
    ])
  },
})

define('getSessionMemoryStat()', {
  doc: 'Table with the memory of this session: userId, sessionId, memSize, memLimit (0: none).',
  call: (_args, session) => {
    const limit = memoryLimit()
    return tableOf({
      userId: new StringVector([session.user]),
      sessionId: vectorOf(T.LONG, [session.sessionId]),
      memSize: vectorOf(T.LONG, [BigInt(allocatedBytes())]),
      memLimit: vectorOf(T.LONG, [Number.isFinite(limit) ? BigInt(limit) : 0n]),
    })
  },
})

define('getMemoryStat()', {
  doc: 'Dictionary with freeBytes and allocatedBytes of the process.',
  call: () => {
    const memory = process.memoryUsage()
    return dictOf([
      ['freeBytes', Scalar.long(memory.heapTotal - memory.heapUsed)],
      ['allocatedBytes', Scalar.long(memory.rss)],
    ])
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Running scripts

export type ScriptAccess = (session: Session, name: string) => void
let requireScriptAccess: ScriptAccess = () => {}

/** Throws unless the user of the session may call this function, which runs scripts or belongs to administrators. */
export const scriptAccess: ScriptAccess = (session, name) => requireScriptAccess(session, name)

/** A room that knows users says who may have scripts run. */
export function provideScriptAccess(check: ScriptAccess): void {
  requireScriptAccess = check
}

define('run(scriptFile, [newSession=false], [clean=true])', {
  doc: 'Runs a script file in this session and returns the value of its last expression. Needs a login and SCRIPT_EXEC.',
  call: ([file], session) => {
    requireScriptAccess(session, 'run')
    const path = textArg(file, 'run(scriptFile)', 'scriptFile')
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      throw inputError(`The script file ${path} can't be read.`, { code: 'scriptMissing', cause: error })
    }
    return session.run(text, path)
  },
})

define('runScript(script)', {
  doc: 'Runs script text in this session and returns the value of its last expression. Needs a login and SCRIPT_EXEC.',
  call: ([text], session) => {
    requireScriptAccess(session, 'runScript')
    return session.run(textArg(text, 'runScript(script)', 'script'))
  },
})

define('shell(cmd)', {
  doc: 'Not available: scripts do not start programs of the operating system.',
  call: () => {
    throw inputError('shell is not available: scripts do not start programs of the operating system.', {
      code: 'refused',
    })
  },
})

define('getEnv(name, [default])', {
  doc: 'Value of an environment variable, or the default (an empty string without one).',
  call: ([name, fallback]) => {
    const value = process.env[textArg(name, 'getEnv(name, [default])', 'name')]
    return value === undefined ? (isGiven(fallback) ? fallback : Scalar.string('')) : Scalar.string(value)
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Product and help

define('version()', {
  doc: 'Version of the product, its release line and the platform.',
  call: () => Scalar.string(`${PRODUCT_VERSION} holdfast ${platform()} ${arch()}`),
})

define('getOS()', { doc: 'Name of the operating system.', call: () => Scalar.string(platform()) })
define('getCpuCount()', { doc: 'Number of processors.', call: () => Scalar.int(cpus().length) })

define('license()', {
  doc: 'Dictionary that describes the license of the product.',
  call: () =>
    dictOf([
      ['authorization', Scalar.string('open source')],
      ['licenseType', Scalar.string('Apache-2.0')],
      ['version', Scalar.string(PRODUCT_VERSION)],
    ]),
})

function functionOf(session: Session, x: Arg, signature: string): FunctionValue {
  if (x?.kind === 'function') return x
  const name = textArg(x, signature, 'X')
  const found = session.registry.get(name) ?? session.userFunction(name)
  if (found === undefined) throw inputError(`The function or procedure '${name}' is not defined.`, { refId: 'S06004' })
  return found
}

const paramsText = (f: FunctionValue): string =>
  f.params
    .map((p) =>
      p.optional && p.defaultText !== undefined ? `[${p.name}=${p.defaultText}]` : p.optional ? `[${p.name}]` : p.name,
    )
    .join(', ')

const signatureOf = (f: FunctionValue): string =>
  f.variant === 'builtin' ? f.builtin.signature : `${f.name}(${paramsText(f)})`

define('syntax(X)', {
  doc: 'Signature of a function.',
  call: ([x], session) => Scalar.string(signatureOf(functionOf(session, x, 'syntax(X)'))),
})

define('help([X])', {
  doc: 'Describes a function; without an argument lists the topics.',
  call: ([x], session) => {
    if (!isGiven(x)) {
      const topics = new Map<string, number>()
      for (const entry of session.registry.entries()) topics.set(entry.topic, (topics.get(entry.topic) ?? 0) + 1)
      return tableOf({ topic: new StringVector([...topics.keys()]), functions: vectorOf(T.INT, [...topics.values()]) })
    }
    const fn = functionOf(session, x, 'help([X])')
    if (fn.variant !== 'builtin') return Scalar.string(signatureOf(fn))
    const { signature, doc, aliases, topic } = (fn as BuiltinFunction).builtin
    const also = aliases.length === 0 ? '' : `\nAlso: ${aliases.join(', ')}`
    return Scalar.string(`${signature}\n${doc}${also}\nTopic: ${topic}`)
  },
})

define('defs([X])', {
  doc: 'Table of functions: name, isCommand, userDefined, minParamCount, maxParamCount, syntax; X is a pattern with % as in like.',
  call: ([x], session) => {
    const pattern = isGiven(x)
      ? new RegExp(
          `^${textArg(x, 'defs([X])', 'X')
            .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
            .replaceAll('%', '.*')}$`,
        )
      : undefined
    const rows: { name: string; user: boolean; fn: FunctionValue }[] = []
    for (const name of session.registry.names())
      rows.push({ name, user: false, fn: session.registry.get(name) as FunctionValue })
    for (const name of session.userFunctionNames())
      rows.push({ name, user: true, fn: session.userFunction(name) as FunctionValue })
    const shown = rows
      .filter((r) => pattern === undefined || pattern.test(r.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    const count = (f: FunctionValue, end: 'min' | 'max'): number => {
      if (f.variant !== 'builtin') return end === 'min' ? f.params.filter((p) => !p.optional).length : f.params.length
      const n = end === 'min' ? f.builtin.minArgs : f.builtin.maxArgs
      return Number.isFinite(n) ? n : -1
    }
    return new Table(
      ['name', 'isCommand', 'userDefined', 'minParamCount', 'maxParamCount', 'syntax'],
      [
        new StringVector(shown.map((r) => r.name)),
        vectorOf(
          T.BOOL,
          shown.map(() => 0),
        ),
        vectorOf(
          T.BOOL,
          shown.map((r) => (r.user ? 1 : 0)),
        ),
        vectorOf(
          T.INT,
          shown.map((r) => count(r.fn, 'min')),
        ),
        vectorOf(
          T.INT,
          shown.map((r) => count(r.fn, 'max')),
        ),
        new StringVector(shown.map((r) => signatureOf(r.fn))),
      ],
    )
  },
})

export const sessionBuiltins = entries
