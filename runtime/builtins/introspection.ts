/** Functions about values and about running text that are seldom used: descriptions, checksums, charts, parameterised SQL. */
import { inputError, usageError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import {
  type Category,
  categoryOf,
  Dict,
  type FunctionValue,
  isArrayType,
  type Key,
  Scalar,
  T,
  type TableSource,
  typeName,
  type Value,
  type Vector,
} from '../values/index.ts'
import { type Arg, intArg, isGiven, required, textArg } from './args.ts'
import { codeKind } from './metacode-parts.ts'
import { bytesOf, scriptAccess, typeOf } from './session-functions.ts'

const { entries, define } = topicTable('Session and introspection')

// ---------------------------------------------------------------------------------------------------------------------
// constantDesc

const FORM_NAMES: Readonly<Record<Value['kind'], string>> = {
  scalar: 'SCALAR',
  vector: 'VECTOR',
  pair: 'PAIR',
  matrix: 'MATRIX',
  set: 'SET',
  dict: 'DICTIONARY',
  table: 'TABLE',
  source: 'TABLE',
  function: 'SCALAR',
  code: 'SCALAR',
  resource: 'SCALAR',
}

/** Objects have no addresses that a script may know: each gets a number when it is first described, and keeps it. */
const addresses = new WeakMap<object, number>()
let nextAddress = 1

function addressOf(x: Value): string {
  let address = addresses.get(x)
  if (address === undefined) {
    address = nextAddress++
    addresses.set(x, address)
  }
  return address.toString(16).padStart(16, '0')
}

const VECTOR_TYPES: Readonly<Record<Vector['storage'], string>> = {
  fixed: 'FAST VECTOR',
  wide: 'FAST VECTOR',
  symbol: 'FAST VECTOR',
  string: 'STRING VECTOR',
  any: 'TUPLE',
  array: 'ARRAY VECTOR',
}

function categoryName(x: Value): string {
  if (x.kind === 'table' || x.kind === 'source') return 'MIXED'
  const type = typeOf(x)
  const category: Category = categoryOf(isArrayType(type) ? type - 64 : type)
  return category === 'void' ? 'NOTHING' : category.toUpperCase()
}

const typeText = (x: Value): string => (x.kind === 'table' || x.kind === 'source' ? 'DICTIONARY' : typeName(typeOf(x)))

const functionKind = (f: FunctionValue): string =>
  f.variant === 'builtin'
    ? 'SYSTEM FUNCTION'
    : f.variant === 'partial'
      ? 'PARTIAL FUNCTION'
      : f.variant === 'suffixed'
        ? 'OPERATOR'
        : 'USER DEFINED FUNCTION'

const isAggregate = (f: FunctionValue): boolean =>
  f.variant === 'builtin' ? f.builtin.kind === 'aggregate' : f.variant === 'user' && f.isAggregate

function hasNull(v: Vector): boolean {
  for (let k = 0; k < v.length; k++) if (v.isNullAt(k)) return true
  return false
}

/** What only some forms have. */
function particulars(x: Value): [string, Value][] {
  switch (x.kind) {
    case 'vector': {
      const list: [string, Value][] = [['vectorType', Scalar.string(VECTOR_TYPES[x.storage])]]
      if (x.storage === 'any') list.push(['isColumnarTuple', Scalar.bool(x.columnar)])
      return [...list, ['nullFlag', Scalar.bool(hasNull(x))], ['isView', Scalar.bool(false)]]
    }
    case 'pair':
      return [
        ['nullFlag', Scalar.bool(new Scalar(x.type, x.first).isNull() || new Scalar(x.type, x.second).isNull())],
        ['isView', Scalar.bool(false)],
      ]
    case 'matrix':
      return [
        ['isIndexedMatrix', Scalar.bool(x.indexed === 'matrix')],
        ['isIndexedSeries', Scalar.bool(x.indexed === 'series')],
        ['nullFlag', Scalar.bool(hasNull(x.data))],
        ['isView', Scalar.bool(false)],
      ]
    case 'table':
      return [['tableType', Scalar.string(x.keyColumns === undefined ? 'BASIC' : 'KEYED')]]
    case 'source':
      return [['tableType', Scalar.string('SEGMENTED')]]
    case 'function':
      return [
        ['functionDefType', Scalar.string(functionKind(x))],
        ['isAggregateFunction', Scalar.bool(isAggregate(x))],
      ]
    case 'code':
      return [['codeType', Scalar.string(codeKind(x))]]
    default:
      return []
  }
}

function extent(x: Value): { rows: number; columns: number } {
  switch (x.kind) {
    case 'vector':
      return { rows: x.length, columns: 1 }
    case 'pair':
      return { rows: 2, columns: 1 }
    case 'matrix':
      return { rows: x.rows, columns: x.cols }
    case 'table':
      return { rows: x.rows, columns: x.columns.length }
    case 'source':
      return { rows: storedRows(x.source), columns: x.source.schema().length }
    case 'set':
      return { rows: x.members.size, columns: 1 }
    case 'dict':
      return { rows: x.entries.size, columns: 1 }
    default:
      return { rows: 1, columns: 1 }
  }
}

function storedRows(source: TableSource): number {
  const snapshot = source.snapshot()
  try {
    return snapshot.rowCount()
  } finally {
    snapshot.release()
  }
}

function scaleOf(x: Value): number | undefined {
  const scaled = x.kind === 'matrix' ? x.data : x
  return categoryOf(typeOf(x)) === 'decimal' && 'scale' in scaled ? Number(scaled.scale) : undefined
}

define('constantDesc(obj)', {
  doc: 'Dictionary that describes a value: form; vectorType, tableType, codeType, functionDefType, isAggregateFunction, isIndexedMatrix, isIndexedSeries, isColumnarTuple, nullFlag, isView and scale where they apply; type, category, isReadonly, address, rows, columns, memoryAllocated (approximate). address is a number that the object keeps, in hexadecimal: objects here have no address that a script may know. Reference counts and flags of storage (isTemporary, isStatic, copyOnWrite ...) have no meaning here and are left out.',
  call: ([obj]) => {
    const x = required(obj, 'constantDesc(obj)', 'obj')
    const scale = scaleOf(x)
    const { rows, columns } = extent(x)
    const pairs: [string, Value][] = [
      ['form', Scalar.string(FORM_NAMES[x.kind])],
      ...particulars(x),
      ['type', Scalar.string(typeText(x))],
      ...(scale === undefined ? [] : ([['scale', Scalar.int(scale)]] as [string, Value][])),
      ['category', Scalar.string(categoryName(x))],
      ['isReadonly', Scalar.bool('frozen' in x && x.frozen === true)],
      ['address', Scalar.string(addressOf(x))],
      ['rows', Scalar.int(rows)],
      ['columns', Scalar.int(columns)],
      ['memoryAllocated', Scalar.long(bytesOf(x))],
    ]
    return new Dict(T.STRING, T.ANY, new Map<Key, Value>(pairs), true)
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// objectChecksum

const CHECKSUM = 'objectChecksum(vector, [prev])'

/** The bytes that are summed: elements of fixed width as they lie in memory, little-endian; texts one after the other. */
function* bytesToSum(v: Vector): Iterable<Uint8Array | string> {
  switch (v.storage) {
    case 'fixed':
    case 'wide': {
      const { buffer, byteOffset, byteLength } = v.slice(0, v.length).data
      yield new Uint8Array(buffer, byteOffset, byteLength)
      return
    }
    case 'string':
    case 'symbol':
      for (let k = 0; k < v.length; k++) yield v.raw(k)
      return
    case 'array':
      yield* bytesToSum(v.flat)
      return
    case 'any':
      throw usageError(CHECKSUM, 'vector must not be a tuple.')
  }
}

define(CHECKSUM, {
  doc: 'INT: the CRC-32 (of zlib) of the bytes of a vector, texts put together without anything between. prev is the checksum of the elements before: objectChecksum(6..10, objectChecksum(1..5)) is objectChecksum(1..10).',
  call: ([vector, prev]) => {
    if (vector?.kind !== 'vector') throw usageError(CHECKSUM, 'vector must be a vector.')
    const { crc32 } = process.getBuiltinModule('node:zlib')
    let sum = intArg(prev, CHECKSUM, 'prev', 0) >>> 0
    for (const bytes of bytesToSum(vector)) sum = crc32(bytes, sum)
    return Scalar.int(sum | 0)
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// plot, runSQL

define('plot(data, [labels], [title], [chartType=LINE], [stacking=false], [extras])', {
  doc: 'Accepts what a client would draw as a chart and returns nothing: there is no window here to draw in.',
  call: () => Scalar.VOID,
})

define('plotHist(data, [binNum], [range], [title])', {
  doc: 'As plot, of the histogram of the data: accepted, and nothing is drawn.',
  call: () => Scalar.VOID,
})

const RUN_SQL = "runSQL(X, [sqlStd='ddb'], [variables])"

define(RUN_SQL, {
  doc: 'Runs SQL text and returns its value. variables is a dictionary of names that the text may use: values are bound, not pasted, so that no value can change the meaning of the text; they hide session variables of the same name while it runs. sqlStd is ddb: other dialects are refused. Needs a login and SCRIPT_EXEC.',
  call: ([x, standard, variables], session) => {
    scriptAccess(session, 'runSQL')
    const dialect = textArg(standard, RUN_SQL, 'sqlStd', 'ddb')
    if (dialect.toLowerCase() !== 'ddb')
      throw inputError(`runSQL understands the dialect ddb only, not ${dialect}.`, { code: 'dialect' })
    const text = textArg(x, RUN_SQL, 'X')
    return withVariables(session, variables, () => session.run(text))
  },
})

/** Runs with session variables set, and puts back what they hid. */
function withVariables(session: Session, variables: Arg, run: () => Value): Value {
  if (!isGiven(variables)) return run()
  if (variables.kind !== 'dict' || variables.keyType !== T.STRING)
    throw usageError(RUN_SQL, 'variables must be a dictionary with keys of type STRING.')
  const names = [...variables.entries.keys()].map(String)
  for (const name of names)
    if (!/^\p{L}[\p{L}\p{N}_]*$/u.test(name)) throw usageError(RUN_SQL, `${name} can't name a variable.`)
  const hidden = names.map((name) => (session.variableNames().includes(name) ? session.variable(name) : undefined))
  try {
    for (const [name, value] of variables.entries) session.setVariable(String(name), value)
    return run()
  } finally {
    names.forEach((name, k) => {
      session.removeVariable(name)
      const before = hidden[k]
      if (before !== undefined) session.setVariable(name, before)
    })
  }
}

export const introspectionBuiltins = entries
