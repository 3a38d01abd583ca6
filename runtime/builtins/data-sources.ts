/** Data sources and the functions that work through them: mr, imr, pipeline. Pieces are read one at a time, in order. */
import type { Expr } from '../../lang/ast.ts'
import { evaluateCode } from '../compile/code.ts'
import { valueText } from '../compile/code-text.ts'
import type { Host } from '../compile/host.ts'
import { inputError, usageError } from '../errors.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import {
  DataSource,
  dataSourceValue,
  onPartitions,
  type SourceQuery,
  sourceQuery,
  touchedPartitions,
  wholeQuery,
  withConditions,
} from '../sql/data-source.ts'
import { planColumns, readTextChunk, textChunks } from '../textfile/load.ts'
import { CodeValue, Resource } from '../values/forms.ts'
import type { FunctionValue } from '../values/function.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isIntegral, T } from '../values/types.ts'
import { AnyVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, numberArg, required, textArg } from './args.ts'
import { textOptions } from './text-files.ts'

const { entries, define } = topicTable('Data sources')
export const dataSourceBuiltins: readonly Builtin[] = entries

// Making data sources.

const sqlUsage = 'sqlDS(sqlObj, [forcePartition=false])'
define(sqlUsage, {
  doc: 'The tuple of data sources of a query: one for each partition that it touches when it is on one partitioned table (the query is run on each partition alone), else one with the whole query; forcePartition=true makes that an error. Nothing is read before mr or another function works on it.',
  call: ([sqlObj, force], session) => {
    const code = codeArg(sqlObj, sqlUsage, 'sqlObj')
    const query = sourceQuery(code, session, sqlUsage)
    if (query !== undefined && query.ref.source.partitionColumns().length > 0)
      return new AnyVector(touchedPartitions(query).map((path) => onPartitions(query, [path], path)))
    if (boolArg(force, sqlUsage, 'forcePartition', false))
      throw usageError(sqlUsage, 'With forcePartition the query must be on one partitioned table.')
    return new AnyVector([wholeQuery(code)])
  },
})

function codeArg(v: Arg, usage: string, name: string): CodeValue {
  if (v instanceof CodeValue) return v
  throw usageError(usage, `${name} must be metacode of a SQL statement.`)
}

const repartitionUsage = 'repartitionDS(query, [column], [partitionType], [partitionScheme], [local=true])'
define(repartitionUsage, {
  doc: 'The tuple of data sources of a query cut anew by a column: by partitionType VALUE (one for each value of partitionScheme), RANGE (from each value up to the next) or HASH (partitionScheme is the number of buckets, or [type, buckets]); without them by the level of the partitioning that the column makes. query may be a tuple of queries instead: one data source each. local is accepted; there is one node.',
  call: ([query, column, partitionType, scheme, local], session) => {
    boolArg(local, repartitionUsage, 'local', true)
    if (query instanceof AnyVector) {
      if (isGiven(column) || isGiven(partitionType))
        throw usageError(repartitionUsage, 'With a tuple of queries the other arguments must not be given.')
      return new AnyVector(query.values.map((q) => wholeQuery(codeArg(q, repartitionUsage, 'query'))))
    }
    const found = sourceQuery(codeArg(query, repartitionUsage, 'query'), session, repartitionUsage)
    if (found === undefined) throw usageError(repartitionUsage, 'query must be on one table of a database.')
    const name = columnName(found, textArg(column, repartitionUsage, 'column'))
    if (!isGiven(partitionType)) return new AnyVector(byLevel(found, name))
    return new AnyVector(byScheme(found, name, partitionType, required(scheme, repartitionUsage, 'partitionScheme')))
  },
})

function columnName(query: SourceQuery, name: string): string {
  const found = query.ref.source.schema().find((c) => c.name.toLowerCase() === name.toLowerCase())
  if (found === undefined) throw inputError(`The column [${name}] does not exist.`, { code: 'columnMissing' })
  return found.name
}

/** The partitions that share a key at the level of the column. */
function byLevel(query: SourceQuery, column: string): Resource[] {
  const columns = query.ref.source.partitionColumns()
  const level = columns.findIndex((c) => c.toLowerCase() === column.toLowerCase())
  if (level < 0)
    throw usageError(
      repartitionUsage,
      `[${column}] is no partitioning column: partitionType and partitionScheme are needed.`,
    )
  const groups = new Map<string, string[]>()
  for (const path of touchedPartitions(query)) {
    const key = path.split('/').filter((s) => s !== '')[level]
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [path])
    else group.push(path)
  }
  const label = (key: string): string => columns.map((_, k) => (k === level ? key : '*')).join('/')
  return [...groups].map(([key, paths]) => onPartitions(query, paths, columns.length === 1 ? `/${key}` : label(key)))
}

const TYPES = { 1: 'VALUE', 2: 'RANGE', 5: 'HASH' } as const

function byScheme(query: SourceQuery, column: string, type: Value, scheme: Value): Resource[] {
  const kind =
    type.kind === 'scalar' && isIntegral(type.type)
      ? TYPES[Number(type.value) as keyof typeof TYPES]
      : textArg(type, repartitionUsage, 'partitionType').toUpperCase()
  const span = { start: 0, end: 0 }
  const name: Expr = { kind: 'name', name: column, binding: 'free', span }
  const constant = (v: Value): Expr => ({ kind: 'value', value: v, text: valueText(v), span })
  const compare = (op: 'eq' | 'ge' | 'lt', left: Expr, v: Value): Expr => ({
    kind: 'binary',
    op,
    left,
    right: constant(v),
    word: false,
    span,
  })
  if (kind === 'HASH') {
    const buckets = scheme.kind === 'vector' ? scheme.get(scheme.length - 1) : scheme
    const count = intArg(buckets, repartitionUsage, 'partitionScheme')
    const bucket: Expr = {
      kind: 'call',
      callee: { kind: 'name', name: 'hashBucket', binding: 'function', span },
      args: [name, constant(Scalar.int(count))].map((value) => ({ name: null, value, alias: null, span })),
      juxtaposed: false,
      span,
    }
    return Array.from({ length: count }, (_, k) => withConditions(query, [compare('eq', bucket, Scalar.int(k))]))
  }
  if (scheme.kind !== 'vector') throw usageError(repartitionUsage, 'partitionScheme must be a vector.')
  const at = (v: Vector, k: number): Value => v.get(k)
  if (kind === 'VALUE')
    return Array.from({ length: scheme.length }, (_, k) => withConditions(query, [compare('eq', name, at(scheme, k))]))
  if (kind === 'RANGE')
    return Array.from({ length: Math.max(0, scheme.length - 1) }, (_, k) =>
      withConditions(query, [compare('ge', name, at(scheme, k)), compare('lt', name, at(scheme, k + 1))]),
    )
  throw usageError(repartitionUsage, 'partitionType must be VALUE, RANGE or HASH.')
}

const CHUNK_MB_MAX = 2047
const chunkUsage =
  "textChunkDS(filename, chunkSize, [delimiter=','], [schema], [skipRows=0], [arrayDelimiter=','], [containHeader], [arrayMarker='\"'])"
define(chunkUsage, {
  doc: 'The tuple of data sources of a delimited text file, each of about chunkSize MB (1 to 2047) of whole rows. Names and types are those of the whole file, as loadText has them. The file is passed over once to find the rows; a chunk is read when somebody works on it, so memory holds one chunk at a time. The file must not change meanwhile.',
  call: ([filename, chunkSize, ...rest]) => {
    const file = textArg(filename, chunkUsage, 'filename')
    const size = numberArg(chunkSize, chunkUsage, 'chunkSize')
    if (!(size >= 1 && size <= CHUNK_MB_MAX))
      throw usageError(chunkUsage, `chunkSize must be between 1 and ${CHUNK_MB_MAX} (MB).`)
    const options = textOptions(rest, chunkUsage)
    const { columns } = planColumns(file, options)
    const chunks = textChunks(file, options, size * 1024 * 1024)
    return new AnyVector(
      chunks.map((chunk, k) =>
        dataSourceValue(`rows of ${file}, chunk ${k + 1} of ${chunks.length}`, () =>
          readTextChunk(file, options, columns, chunk),
        ),
      ),
    )
  },
})

define('transDS!(ds, transFunc)', {
  doc: 'Has transFunc applied to the data of each data source when it is read, after what was asked for before. ds is a data source or a tuple of them; it is changed for every variable that holds it, and returned.',
  call: ([ds, transFunc]) => {
    const usage = 'transDS!(ds, transFunc)'
    if (transFunc?.kind !== 'function') throw usageError(usage, 'transFunc must be a function of the data.')
    for (const source of sourcesOf(ds, usage)) source.transforms.push(transFunc)
    return ds as Value
  },
})

function sourcesOf(ds: Arg, usage: string): DataSource[] {
  const items: readonly Arg[] = ds instanceof AnyVector ? ds.values : [ds]
  return items.map((v) => {
    if (v instanceof Resource && v.payload instanceof DataSource) return v.payload
    throw usageError(usage, 'ds must be a data source or a tuple of data sources.')
  })
}

define('loadTableBySQL(sql)', {
  doc: 'An in-memory table of the rows that a query on a partitioned table gives. sql is metacode of a select statement.',
  call: ([sql], session) => {
    const usage = 'loadTableBySQL(sql)'
    const code = codeArg(sql, usage, 'sql')
    const query = sourceQuery(code, session, usage)
    if (query === undefined) throw usageError(usage, 'sql must be a select statement on one partitioned table.')
    const result = evaluateCode(session as Host, code)
    if (result.kind !== 'table') throw usageError(usage, 'sql must be a select statement that gives a table.')
    return result
  },
})

// Working on them.

const optionalFunction = (v: Arg, usage: string, name: string): FunctionValue | undefined => {
  if (!isGiven(v) || (v.kind === 'scalar' && v.type === T.VOID)) return undefined
  if (v.kind === 'function') return v
  throw usageError(usage, `${name} must be a function.`)
}

function functionArg(v: Arg, usage: string, name: string): FunctionValue {
  const f = optionalFunction(v, usage, name)
  if (f === undefined) throw usageError(usage, `${name} must be a function.`)
  return f
}

/** Data to work on: a data source is read, anything else is taken as it is. */
function* pieces(ds: Arg, usage: string): Generator<(session: Session) => Value> {
  for (const source of sourcesOf(ds, usage)) yield (session) => source.materialize(session)
}

/** All results folded by `reduce` as they come, or the tuple of them. */
function folded(results: Iterable<Value>, reduce: FunctionValue | undefined, session: Session): Value {
  const kept: Value[] = []
  for (const result of results) {
    if (reduce === undefined || kept.length === 0) kept.push(result)
    else kept[0] = session.call(reduce, [kept[0], result])
  }
  if (reduce === undefined) return new AnyVector(kept)
  return kept[0] ?? Scalar.VOID
}

const mrUsage = 'mr(ds, mapFunc, [reduceFunc], [finalFunc], [parallel=true])'
define(mrUsage, {
  doc: 'Map and reduce over data sources: mapFunc of the data of each, reduceFunc of two results at a time (without it the results stay a tuple), finalFunc of what comes out. Data sources are read one after the other; parallel is accepted.',
  call: ([ds, mapFunc, reduceFunc, finalFunc, parallel], session) => {
    boolArg(parallel, mrUsage, 'parallel', true)
    const map = functionArg(mapFunc, mrUsage, 'mapFunc')
    const final = optionalFunction(finalFunc, mrUsage, 'finalFunc')
    function* results(): Generator<Value> {
      for (const read of pieces(ds, mrUsage)) yield session.call(map, [read(session)])
    }
    const out = folded(results(), optionalFunction(reduceFunc, mrUsage, 'reduceFunc'), session)
    return final === undefined ? out : session.call(final, [out])
  },
})

const imrUsage = 'imr(ds, initValue, mapFunc, [reduceFunc], [finalFunc], terminateFunc, [carryover=false])'
define(imrUsage, {
  doc: 'Map and reduce again and again: mapFunc(data, model) for each data source, reduceFunc of two results at a time, finalFunc(model, result) gives the next model (without it the result is the model), beginning with initValue. terminateFunc(model before, model now) ends it by true, or is the number of rounds. With carryover mapFunc has a third argument, what it left for the same data source in the round before (NULL at first): the last element of the tuple that it returns. Data sources are read in each round.',
  call: ([ds, initValue, mapFunc, reduceFunc, finalFunc, terminateFunc, carryover], session) => {
    const map = functionArg(mapFunc, imrUsage, 'mapFunc')
    const reduce = optionalFunction(reduceFunc, imrUsage, 'reduceFunc')
    const final = optionalFunction(finalFunc, imrUsage, 'finalFunc')
    const carries = boolArg(carryover, imrUsage, 'carryover', false)
    const until = terminateFunc?.kind === 'function' ? terminateFunc : undefined
    const rounds = until === undefined ? intArg(terminateFunc, imrUsage, 'terminateFunc') : Number.POSITIVE_INFINITY
    if (rounds < 1) throw usageError(imrUsage, 'terminateFunc must be a function or a positive number of rounds.')
    const carried = new Map<number, Value>()
    let model = required(initValue, imrUsage, 'initValue')
    function* results(): Generator<Value> {
      let k = 0
      for (const read of pieces(ds, imrUsage)) {
        const at = k++
        if (!carries) yield session.call(map, [read(session), model])
        else {
          const result = session.call(map, [read(session), model, carried.get(at) ?? Scalar.VOID])
          if (!(result instanceof AnyVector) || result.length < 2)
            throw usageError(imrUsage, 'With carryover mapFunc must return a tuple whose last element is carried over.')
          carried.set(at, result.values[result.length - 1])
          yield result.length === 2 ? result.values[0] : result.slice(0, result.length - 1)
        }
      }
    }
    for (let round = 1; ; round++) {
      const out = folded(results(), reduce, session)
      const next = final === undefined ? out : session.call(final, [model, out])
      const before = model
      model = next
      if (until === undefined ? round >= rounds : isTrue(session.call(until, [before, next]))) return model
    }
  },
})

const isTrue = (v: Value): boolean => v.kind === 'scalar' && !v.isNull() && Number(v.value) !== 0

const pipelineUsage = 'pipeline(initTasks, followers, [queueDepth=2])'
define(pipelineUsage, {
  doc: 'Runs each of the functions without arguments in initTasks, and passes what it returns through the functions in followers (one function or a tuple), task after task. The tuple of the results of the last follower, or nothing when it returns nothing. queueDepth is accepted: one task is under way at a time.',
  call: ([initTasks, followers, queueDepth], session) => {
    if (intArg(queueDepth, pipelineUsage, 'queueDepth', 2) < 1)
      throw usageError(pipelineUsage, 'queueDepth must be positive.')
    const functions = (v: Arg, name: string): FunctionValue[] =>
      (v instanceof AnyVector ? v.values : [v]).map((f) => functionArg(f, pipelineUsage, name))
    const tasks = functions(initTasks, 'initTasks')
    const stages = functions(followers, 'followers')
    const results: Value[] = []
    for (const task of tasks) {
      let value = session.call(task, [])
      for (const stage of stages) value = session.call(stage, [value])
      if (value.kind !== 'scalar' || value.type !== T.VOID) results.push(value)
    }
    return results.length === 0 ? Scalar.VOID : new AnyVector(results)
  },
})
