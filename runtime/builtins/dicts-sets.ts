/** Dictionaries and sets. */
import { freezeOwned } from '../compile/ownership.ts'
import { inputError, usageError } from '../errors.ts'
import { collected, dictGet, dictKey, missingValue } from '../indexing/read.ts'
import { dictSet } from '../indexing/write.ts'
import { castScalar } from '../ops/cast.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { Dict, type Key, keyOf, SetValue } from '../values/forms.ts'
import { filledList } from '../values/heap.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { categoryOf, isLiteral, type Raw, T, type TypeId, typeByName, typeName } from '../values/types.ts'
import { AnyVector, StringVector, type Vector, vectorOf } from '../values/vector.ts'
import { type Arg, boolArg, isGiven, required, sizeError, textArg } from './args.ts'
import { columnType } from './column-type.ts'
import { commonType, joinedVector } from './columns.ts'

const { entries, define } = topicTable('Dictionaries and sets')
export const dictBuiltins: readonly Builtin[] = entries

const KEY_CATEGORIES = ['literal', 'integral', 'floating', 'temporal', 'logical', 'binary']

/** Decimals are no keys, because equal ones of two scales would be two keys; COMPLEX and POINT have no order. */
const isKeyType = (type: TypeId): boolean =>
  KEY_CATEGORIES.includes(categoryOf(type)) && type !== T.COMPLEX && type !== T.POINT

const asVector = (v: Value): Vector | undefined =>
  v.kind === 'vector' ? v : v.kind === 'scalar' ? joinedVector([v]) : undefined

/** SYMBOL exists only in vectors: members and keys are strings. */
const memberType = (type: TypeId): TypeId => (type === T.SYMBOL ? T.STRING : type)

define('set(X)', {
  doc: 'The distinct elements of a vector of any type but DECIMAL, COMPLEX and POINT.',
  call: ([x]) => {
    const value = required(x, 'set(X)', 'X')
    const v = asVector(value)
    if (v === undefined) throw usageError('set(X)', 'X must be a scalar or a vector.')
    if (v.storage === 'any') {
      const joined = v.length === 0 ? undefined : joinedTuple(v)
      if (joined === undefined) throw usageError('set(X)', 'X must be a vector of one type.')
      return setOf(joined)
    }
    return setOf(v)
  },
})

function joinedTuple(v: AnyVector): Vector | undefined {
  return v.values.every((e) => e.kind === 'scalar') ? joinedVector(v.values as Scalar[]) : undefined
}

function setOf(v: Vector): SetValue {
  if (v.storage === 'array') throw usageError('set(X)', 'X must be a vector of one type.')
  if (!isKeyType(v.type)) throw usageError('set(X)', `X must not be of type ${typeName(v.type)}.`)
  const members = new Set<Key>()
  if (v.storage === 'symbol') {
    const seen = new Uint8Array(v.base.symbols.length)
    for (let k = 0; k < v.length; k++) {
      if (seen[v.data[k]] === 0) members.add(v.base.symbols[v.data[k]])
      seen[v.data[k]] = 1
    }
  } else for (let k = 0; k < v.length; k++) members.add(keyFromRaw(v.raw(k)))
  return new SetValue(memberType(v.type), members)
}

const keyFromRaw = (raw: Raw): Key => (raw === null || typeof raw === 'object' ? String(raw) : raw)

// Making dictionaries.

/** Whether both arguments name types: `dict(INT, DOUBLE)`, `dict(int, double)`. */
function typePair(key: Value, value: Value): [TypeId, TypeId, number] | undefined {
  const mayName = (v: Value): boolean =>
    v.kind === 'scalar' || (v.kind === 'function' && typeByName(v.name) !== undefined)
  if (!mayName(key) || !mayName(value)) return undefined
  const k = columnType(key)
  const v = columnType(value)
  return [memberType(k.type), memberType(v.type), v.scale]
}

/** A dictionary from types, or from keys and values. */
export function makeDict(keys: Value, values: Value, ordered: boolean, signature: string): Dict {
  const types = typePair(keys, values)
  if (types !== undefined) {
    checkKeyType(types[0], signature)
    return new Dict(types[0], types[1], new Map(), ordered, types[2])
  }
  const keyVector = keys.kind === 'vector' && keys.storage === 'any' ? tupleKeys(keys) : asVector(keys)
  if (keyVector === undefined || keyVector.storage === 'any' || keyVector.storage === 'array')
    throw usageError(signature, 'keyObj must be a vector of scalars.')
  const keyType = memberType(keyVector.type)
  checkKeyType(keyType, signature)
  const valueList = valuesOf(values, keyVector.length, signature)
  const entries = new Map<Key, Value>()
  for (let k = 0; k < keyVector.length; k++) {
    const key = keyVector.get(k)
    if (key.kind !== 'scalar') throw usageError(signature, 'keyObj must be a vector of scalars.')
    entries.set(keyOf(key), valueList.list[k])
  }
  return new Dict(keyType, valueList.type, entries, ordered, valueList.scale)
}

/** Keys of several types are texts if one of them is, as in a literal `{1: x, "a": y}`. */
function tupleKeys(keys: AnyVector): Vector | undefined {
  const joined = joinedTuple(keys)
  if (joined !== undefined) return joined
  const scalars = keys.values.filter((v) => v.kind === 'scalar')
  if (scalars.length < keys.length || !(keys.length === 0 || scalars.some((v) => isLiteral(v.type)))) return undefined
  return new StringVector(scalars.map((v) => castScalar(v, T.STRING).value as string))
}

function checkKeyType(type: TypeId, signature: string): void {
  if (!isKeyType(type))
    throw usageError(
      signature,
      `Keys must be of a literal, integral, floating or temporal type, not ${typeName(type)}.`,
    )
}

function valuesOf(values: Value, count: number, signature: string): { list: Value[]; type: TypeId; scale: number } {
  if (values.kind === 'vector') {
    if (values.length !== count) throw sizeError()
    const list = Array.from({ length: count }, (_, k) => values.get(k))
    if (values.storage !== 'any' && values.storage !== 'array')
      return { list, type: memberType(values.type), scale: 'scale' in values ? values.scale : 0 }
    for (const v of list) freezeOwned(v)
    return { list, type: T.ANY, scale: 0 }
  }
  if (count !== 1 && values.kind !== 'scalar')
    throw usageError(signature, 'valueObj must be a vector as long as keyObj.')
  freezeOwned(values)
  const type = values.kind === 'scalar' ? memberType(values.type) : T.ANY
  return { list: filledList<Value>(count, values), type, scale: values.kind === 'scalar' ? values.scale : 0 }
}

const DICT = 'dict([keyObj], [valueObj], [ordered=false], [keyType], [valueType])'
define(DICT, {
  doc: 'A dictionary from keys and values, or empty from two types, `dict(keyType, valueType, [ordered])`; of equal keys the last wins.',
  call: ([keys, values, ordered, keyType, valueType]) =>
    makeDict(
      required(keys ?? keyType, DICT, 'keyObj'),
      required(values ?? valueType, DICT, 'valueObj'),
      boolArg(ordered, DICT, 'ordered', false),
      DICT,
    ),
})

define('syncDict(keyObj, valueObj, [sharedName], [ordered=false])', {
  doc: 'A dictionary that can be shared under a name.',
  call: ([keys, values, sharedName, ordered], session) => {
    const signature = 'syncDict(keyObj, valueObj, [sharedName], [ordered=false])'
    const d = makeDict(
      required(keys, signature, 'keyObj'),
      required(values, signature, 'valueObj'),
      boolArg(ordered, signature, 'ordered', false),
      signature,
    )
    const name = textArg(sharedName, signature, 'sharedName', '')
    if (name !== '') {
      if (session.shared.has(name)) throw inputError(`The name [${name}] is shared already.`, { code: 'sharedName' })
      session.shared.set(name, d)
    }
    return d
  },
})

// Reading.

define('keys(X)', {
  doc: 'Keys of a dictionary, members of a set, column names of a table.',
  call: ([x]) => {
    if (x?.kind === 'dict') return keyVectorOf(x.keyType, [...x.entries.keys()])
    if (x?.kind === 'set') return keyVectorOf(x.type, [...x.members])
    if (x?.kind === 'table') return new StringVector(x.names.slice())
    if (x?.kind === 'source') return new StringVector(x.source.schema().map((c) => c.name))
    throw usageError('keys(X)', 'X must be a dictionary, a set or a table.')
  },
})

function keyVectorOf(type: TypeId, keys: readonly Key[]): Vector {
  if (type === T.ANY || type === T.VOID)
    return new AnyVector(
      keys.map((k) =>
        typeof k === 'string' ? Scalar.string(k) : typeof k === 'bigint' ? Scalar.long(k) : Scalar.double(k),
      ),
    )
  if (type === T.COMPLEX || type === T.POINT)
    return vectorOf(
      type,
      keys.map((k) => String(k).split(',').map(Number) as unknown as readonly [number, number]),
    )
  return vectorOf(type, keys)
}

define('values(X)', {
  doc: 'Values of a dictionary (a vector if they have one type), or the columns of a table as a tuple.',
  call: ([x]) => {
    if (x?.kind === 'dict') {
      const list = [...x.entries.values()]
      if (x.valueType === T.ANY && list.length > 0 && list.every((v) => v.kind === 'scalar')) {
        const types = new Set(list.map((v) => (v as Scalar).type))
        if (types.size === 1 && commonType([...types]) !== undefined)
          return joinedVector(list as Scalar[]) ?? new AnyVector(list)
      }
      for (const v of list) freezeOwned(v)
      return collected(x, list)
    }
    if (x?.kind === 'table') {
      for (const c of x.columns) freezeOwned(c)
      return new AnyVector(x.columns.map(frozenColumn))
    }
    throw usageError('values(X)', 'X must be a dictionary or a table.')
  },
})

// A column inside a tuple has two owners.
function frozenColumn(c: Vector): Vector {
  c.frozen = true
  return c
}

define('isOrderedDict(X)', {
  doc: 'Whether X is a dictionary that keeps the order of insertion.',
  call: ([x]) => Scalar.bool(x?.kind === 'dict' && x.ordered),
})

// Changing.

define('dictUpdate!(dictionary, function, keys, parameters, [initFunc])', {
  doc: 'For each key: d[k] = function(d[k], parameter); a new key gets initFunc(parameter), by default the parameter itself.',
  mutates: true,
  call: ([dictionary, fn, keys, parameters, initFunc], session) => {
    const signature = 'dictUpdate!(dictionary, function, keys, parameters, [initFunc])'
    if (dictionary?.kind !== 'dict') throw usageError(signature, 'dictionary must be a dictionary.')
    if (fn?.kind !== 'function') throw usageError(signature, 'function must be a function.')
    if (isGiven(initFunc) && initFunc.kind !== 'function') throw usageError(signature, 'initFunc must be a function.')
    const keyList = listOf(required(keys, signature, 'keys'))
    const values = listOf(required(parameters, signature, 'parameters'))
    if (values.length !== keyList.length && values.length !== 1) throw sizeError()
    for (let k = 0; k < keyList.length; k++)
      updateKey(dictionary, keyList[k], values[values.length === 1 ? 0 : k], fn, initFunc, session)
    return dictionary
  },
})

const listOf = (v: Value): Value[] => (v.kind === 'vector' ? Array.from({ length: v.length }, (_, k) => v.get(k)) : [v])

function updateKey(d: Dict, key: Value, parameter: Value, fn: Value, initFunc: Arg, session: Session): void {
  if (fn.kind !== 'function') return
  const old = d.entries.get(dictKey(d, key))
  if (old !== undefined) dictSet(d, key, session.call(fn, [old, parameter]))
  else dictSet(d, key, initFunc?.kind === 'function' ? session.call(initFunc, [parameter]) : parameter)
}

/** `find` on a dictionary: the value, or null of the value type; several keys give several values. */
export function findInDict(d: Dict, keys: Value): Value {
  if (keys.kind === 'scalar') return dictGet(d, keys)
  if (keys.kind !== 'vector') throw usageError('find(X, Y)', 'Y must be a scalar or a vector.')
  return collected(
    d,
    listOf(keys).map((k) => d.entries.get(dictKey(d, k)) ?? missingValue(d)),
  )
}
