/** Every function that generated code may call, by the name under which it calls it. */

import { inputError } from '../errors.ts'
import { readIndex, readWritten, tableColumn } from '../indexing/read.ts'
import { writeIndex } from '../indexing/write.ts'
import { checkInterrupt } from '../interrupt.ts'
import { binaryOp } from '../ops/binary.ts'
import { isLarge, runChain, runFused, spent } from '../ops/chain.ts'
import type { BinaryOpName } from '../ops/names.ts'
import { unaryOp } from '../ops/unary.ts'
import type { Builtin } from '../registry.ts'
import { FixedVector, formName, NULL_F64, NULL_I32, Scalar, StringVector, T, type Value } from '../values/index.ts'
import { attributeOf, attributeValue, baseConstructor, defineClass, instanceOf, ownMethod } from './classes.ts'
import { code, codeList } from './code.ts'
import { adopted, cast, dictLiteral, pair, seq, tuple, typeConstant, typeIdByName, vector } from './construct.ts'
import {
  boundMethod,
  callAny,
  callDirect,
  closure,
  columnLabel,
  eachAt,
  hasMethod,
  labelled,
  looseName,
  method,
  partial,
  suffixed,
  VOID,
} from './dynamic.ts'
import {
  assertThat,
  caseWhen,
  checkpoint,
  clock,
  clusterSetting,
  define,
  defineConstant,
  destructure,
  elapsed,
  fail,
  finalValue,
  matched,
  mentions,
  nestedSql,
  notDefined,
  quantified,
  setFinals,
  share,
  sql,
  testingCase,
  thrown,
  undefine,
} from './effects.ts'
import { caught, failed } from './failure.ts'
import type { Host } from './host.ts'
import { iterate, iteratePair, iterateRange } from './iterate.ts'
import { library } from './libraries.ts'
import { disown, freeze, freezeOwned, own, readOnlyError, rebind, replace, unbind, writable } from './ownership.ts'
import * as plains from './plain.ts'
import { growCapacity } from './plain.ts'
import * as scalars from './scalars.ts'
import { beginTransaction, commitOrRollback, endTransaction } from './transactions.ts'

export { cast, seq }

// ---------------------------------------------------------------------------------------------------------------------
// Operators without a fast path

const operator = (op: BinaryOpName, a: Value, b: Value): Value => binaryOp(op, a, b)
const and = (a: Value, b: Value): Value => binaryOp('and', a, b)
const or = (a: Value, b: Value): Value => binaryOp('or', a, b)
const orIgnoringNull = (a: Value, b: Value): Value => binaryOp('orIgnoreNull', a, b)
const not = (a: Value): Value => unaryOp('not', a)

function neg(a: Value): Value {
  if (a instanceof Scalar) {
    if (a.type === T.INT && a.value !== NULL_I32) return Scalar.int(-(a.value as number) | 0)
    if (a.type === T.DOUBLE && a.value !== NULL_F64) return new Scalar(T.DOUBLE, -(a.value as number))
  }
  return unaryOp('neg', a)
}

/** What a condition of `?:` asks for: 1 then, 0 otherwise, 2 both (vectors and null, element by element). */
function choice(condition: Value): number {
  if (!(condition instanceof Scalar) || condition.isNull()) return 2
  return scalars.test(condition) ? 1 : 0
}

// ---------------------------------------------------------------------------------------------------------------------
// Access

const index = (session: Host, object: Value, slots: readonly (Value | undefined)[]): Value =>
  readWritten(session, object, slots)

/** `x[i]` with one index: elements of typed vectors come without a detour. */
function index1(session: Host, object: Value, at: Value): Value {
  if (at instanceof Scalar && at.type === T.INT) {
    const k = at.value as number
    if (object instanceof FixedVector) {
      if (k >= 0 && k < object.length) {
        const raw = object.data[k]
        return object.type === T.INT ? Scalar.int(raw as number) : new Scalar(object.type, raw, object.scale)
      }
      return object.get(k)
    }
    if (object instanceof StringVector) return object.get(k)
  }
  return readWritten(session, object, [at])
}

/** Whether `at` is the position of an element of a typed vector. */
const holds = (object: Value, at: Value): boolean =>
  object instanceof FixedVector &&
  at instanceof Scalar &&
  at.type === T.INT &&
  (at.value as number) >= 0 &&
  (at.value as number) < object.length

const elementOf = (v: FixedVector, raw: number | bigint): Value => new Scalar(v.type, raw, v.scale)

/** Whether a variable's vector may get the value at the position as it is: it has no other owner, and the types are the same. */
const takes = (object: Value | undefined, at: Value, value: Value): boolean =>
  object instanceof FixedVector &&
  !object.frozen &&
  value instanceof Scalar &&
  value.type === object.type &&
  value.scale === object.scale &&
  holds(object, at)

const setIndex = (
  session: Host,
  object: Value,
  slots: readonly (Value | undefined)[],
  value: Value,
  text: string,
): Value => writeIndex(session, object, slots, value, text)

function setIndex1(session: Host, object: Value, at: Value, value: Value, text: string): Value {
  if (object instanceof FixedVector && at instanceof Scalar && value instanceof Scalar && at.type === T.INT) {
    const k = at.value as number
    if (object.type === value.type && k >= 0 && k < object.length && object.scale === value.scale) {
      object.data[k] = value.value as never
      return object
    }
  }
  return writeIndex(session, object, [at], value, text)
}

/** `x.name`: column, dictionary entry, or a member that a builtin knows. */
function member(session: Host, object: Value, name: string): Value {
  if (object.kind === 'table') return tableColumn(object, name)
  if (object.kind === 'dict') return readIndex(session, object, [Scalar.string(name)])
  const instance = instanceOf(object)
  if (instance !== undefined) {
    const value = attributeOf(instance, name)
    if (value !== undefined) return freeze(value)
    throw inputError(`The class ${instance.scriptClass.name} has no attribute ${name}.`)
  }
  if (object.kind === 'resource' || object.kind === 'source') {
    const builtin = session.registry.get('member')
    if (builtin !== undefined) return session.call(builtin, [object, Scalar.string(name)])
  }
  throw inputError(`A ${formName(object)} has no member ${name}.`, {
    hint: `a function call needs parentheses: x.${name}()`,
  })
}

/** `append!` of a scalar to a vector of its type, growing its capacity; anything else is the builtin's. */
function append(session: Host, builtin: Builtin, target: Value, value: Value): Value {
  if (
    target instanceof FixedVector &&
    value instanceof Scalar &&
    target.type === value.type &&
    target.scale === value.scale
  ) {
    const at = target.length
    if (at === target.data.length) growCapacity(target)
    target.data[at] = value.value as never
    target.length = at + 1
    return target
  }
  return builtin.call([target, value], session)
}

// ---------------------------------------------------------------------------------------------------------------------
// Ownership at calls

/** A variable whose value the callee may keep. */
function keep(value: Value): Value {
  freezeOwned(value)
  return value
}

/**
 * What a partial application fixes. A table stays the object that its variable holds, so that handlers like `append!{result}` write into it; anything
 * else is the value at this moment.
 */
const hold = (value: Value): Value => (value.kind === 'table' ? value : keep(value))

/** A result that may still sit inside an argument. */
const part = (value: Value): Value => (value instanceof Scalar ? value : freeze(value))

/** A builtin that changes its argument on something that may not be changed. */
function readOnly(name: string, value: Value): Value {
  if (value.kind === 'table' && value.sharedName !== undefined) return value
  if (value.kind === 'source' || value.kind === 'resource' || value.kind === 'scalar') return value
  throw readOnlyError(name)
}

let calls = 0

/** Start of a named function: every 256th call looks for an interrupt. */
function enter(): void {
  calls = (calls + 1) & 255
  if (calls === 0) checkInterrupt()
}

const int = (n: number): Value => new Scalar(T.INT, n)
const double = (n: number): Value => new Scalar(T.DOUBLE, n)
const nothing = (): Value => Scalar.NOTHING
const nothingReturned = (): Value => Scalar.VOID

/** The first argument; the second is the assignment that takes place after it was evaluated. */
const asIs = (value: Value, _after: number): Value => value

// The modules of this folder refer to each other in circles, so the table is made at the first question, when all of them are loaded.
function makeSupport() {
  return {
    ...scalars,
    ...plains,
    VOID,
    typeIdByName,
    checkpoint,
    clusterSetting,
    adopted,
    and,
    append,
    asIs,
    assertThat,
    beginTransaction,
    commitOrRollback,
    endTransaction,
    attributeValue,
    baseConstructor,
    ownMethod,
    defineClass,
    boundMethod,
    callAny,
    callDirect,
    columnLabel,
    caseWhen,
    cast,
    caught,
    checkInterrupt,
    choice,
    clock,
    closure,
    code,
    codeList,
    define,
    defineConstant,
    destructure,
    dictLiteral,
    disown,
    double,
    eachAt,
    elapsed,
    elementOf,
    enter,
    fail,
    failed,
    finalValue,
    hasMethod,
    holds,
    index,
    index1,
    isLarge,
    int,
    iterate,
    iteratePair,
    iterateRange,
    hold,
    keep,
    labelled,
    library,
    looseName,
    matched,
    member,
    mentions,
    method,
    neg,
    nestedSql,
    not,
    notDefined,
    nothing,
    nothingReturned,
    operator,
    or,
    orIgnoringNull,
    own,
    pair,
    part,
    partial,
    quantified,
    readOnly,
    rebind,
    replace,
    runChain,
    runFused,
    seq,
    setFinals,
    setIndex,
    setIndex1,
    share,
    spent,
    sql,
    suffixed,
    takes,
    testingCase,
    thrown,
    tuple,
    typeConstant,
    unbind,
    undefine,
    vector,
    writable,
  }
}

export type Support = ReturnType<typeof makeSupport>

let table: Support | undefined

export function support(): Support {
  table ??= makeSupport()
  return table
}
