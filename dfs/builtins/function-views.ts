/** Function views: functions kept in the catalog, which every session may call with the rights of their owner (specification of the store, section 9). */
import { deserialize, serialize } from 'node:v8'
import { type Arg, boolArg, textArg } from '../../runtime/builtins/args.ts'
import type { ShippedFunction } from '../../runtime/compile/ship.ts'
import { HoldfastError, inputError, usageError } from '../../runtime/errors.ts'
import { type Builtin, builtin, topicTable } from '../../runtime/registry.ts'
import { type FunctionViews, functionViewService, type Session } from '../../runtime/session.ts'
import {
  AnyVector,
  decodeValue,
  encodeValue,
  type FunctionValue,
  Scalar,
  T,
  Table,
  type Transfer,
  type UserFunction,
} from '../../runtime/values/index.ts'
import { FixedVector, StringVector } from '../../runtime/values/vector.ts'
import { noPrivilege } from '../access/index.ts'
import { functionViewOf, type ViewRecord, viewsOf } from '../catalog/named-objects.ts'
import type { DfsSession } from '../session.ts'
import { isMissing } from './backup-host.ts'
import { dfsOf } from './store-args.ts'

const { entries, define } = topicTable('Users')
export const functionViewFunctions = entries

const ADD = 'addFunctionView(udf)'
define(ADD, {
  doc: 'Keeps a named function of the session (or a tuple of them, or by a text all functions of a module that was loaded by `use`) in the store: every session may call it by its name from then on, with the rights of its owner, who is the caller. For administrators and users with VIEW_OWNER; others execute it when VIEW_EXEC on it is granted to them. A view that is there already is an error: drop it first. Anonymous functions are refused. Names of views are looked up when a session knows no function of the name.',
  call: ([udf], session) => {
    const dfs = dfsOf(session)
    requireOwnerRight(dfs)
    const functions = functionsArg(udf, session)
    dfs.catalog.refresh()
    const taken = functions.find((f) => functionViewOf(dfs.catalog, f.name) !== undefined)
    if (taken !== undefined)
      throw new HoldfastError('conflict', `The function view [${taken.name}] already exists.`, {
        code: 'functionViewExists',
        hint: 'remove it with dropFunctionView first',
      })
    for (const f of functions)
      dfs.request({ kind: 'putObject', family: 'view', name: f.name, value: recordOf(f, session) })
    return Scalar.VOID
  },
})

function requireOwnerRight(dfs: DfsSession): void {
  if (dfs.permissions.isAdmin || dfs.permissions.allows('VIEW_OWNER')) return
  throw noPrivilege(dfs.permissions.user, 'manage function views', undefined, 'it takes VIEW_OWNER')
}

function functionsArg(v: Arg, session: Session): UserFunction[] {
  if (v?.kind === 'scalar' && typeof v.value === 'string') {
    const module = v.value
    const names = session.userFunctionNames().filter((name) => name.startsWith(`${module}::`))
    if (names.length === 0)
      throw inputError(`The module [${module}] is not loaded, or has no functions.`, {
        code: 'module',
        hint: `load it with: use ${module}`,
      })
    return names.map((name) => userFunctionArg(session.userFunction(name)))
  }
  if (v instanceof AnyVector) return v.values.map((f) => userFunctionArg(f))
  return [userFunctionArg(v)]
}

function userFunctionArg(v: Arg): UserFunction {
  if (v?.kind === 'function' && v.variant === 'user' && v.name !== '') return v
  throw usageError(ADD, 'udf must be a named function of the session, a tuple of them, or the name of a module.')
}

function recordOf(f: UserFunction, session: Session): ViewRecord {
  const transfer = apart(encodeValue(f, { session, share: false }), f.name)
  return {
    name: f.name,
    owner: session.user,
    createdMs: session.now(),
    body: session.display(f),
    definition: serialize(transfer).toString('base64'),
  }
}

/**
 * The same function with all script functions that it reaches in a namespace of the view: a session that loads it gets none of these names, and none of its own
 * functions takes their place.
 */
function apart(transfer: Transfer, name: string): Transfer {
  if (transfer.form !== 'function') throw new HoldfastError('bug', 'a function has another transfer form')
  const shipped = transfer.data as ShippedFunction<Transfer>
  if (shipped.variant !== 'user') throw new HoldfastError('bug', 'a function of a script was expected')
  const space = `view ${name}`
  const moved = <D extends { readonly module: string }>(d: D): D => ({
    ...d,
    module: d.module === '' ? space : `${space}::${d.module}`,
  })
  const data = {
    ...shipped,
    root: moved(shipped.root),
    reached: shipped.reached.map(([n, d]) => [`${space}::${n}`, moved(d)] as const),
  }
  return { form: 'function', data }
}

const DROP = 'dropFunctionView(name, [isNamespace=false])'
define(DROP, {
  doc: 'Removes a function view, or with isNamespace all of a module; what was granted on it goes with it. For administrators, and with VIEW_OWNER for the views that one has made. An unknown name is an error.',
  call: ([name, isNamespace], session) => {
    const dfs = dfsOf(session)
    requireOwnerRight(dfs)
    const text = textArg(name, DROP, 'name')
    dfs.catalog.refresh()
    const views = viewsOf(dfs.catalog).filter((v) =>
      boolArg(isMissing(isNamespace) ? undefined : isNamespace, DROP, 'isNamespace', false)
        ? v.name.startsWith(`${text}::`)
        : v.name === text,
    )
    if (views.length === 0) throw inputError(`The function view [${text}] does not exist.`, { refId: 'S04002' })
    for (const v of views) dfs.request({ kind: 'removeObject', family: 'view', name: v.name })
    return Scalar.VOID
  },
})

define('getFunctionViews()', {
  doc: 'Function views by name: name, body, owner, createTime. Administrators see all, others their own.',
  call: (_, session) => {
    const dfs = dfsOf(session)
    dfs.catalog.refresh()
    const { isAdmin } = dfs.permissions
    const views = viewsOf(dfs.catalog).filter((v) => isAdmin || v.owner === session.user)
    return new Table(
      ['name', 'body', 'owner', 'createTime'],
      [
        new StringVector(views.map((v) => v.name)),
        new StringVector(views.map((v) => v.body)),
        new StringVector(views.map((v) => v.owner)),
        new FixedVector(
          T.TIMESTAMP,
          BigInt64Array.from(views, (v) => BigInt(v.createdMs - new Date(v.createdMs).getTimezoneOffset() * 60_000)),
        ),
      ],
    )
  },
})

/** What a session finds when it calls a name that it does not know. `exists`: whether there is a store at all; asking makes none. */
export class StoredViews implements FunctionViews {
  readonly #session: Session
  readonly #exists: () => boolean
  readonly #loaded = new Map<string, { readonly record: ViewRecord; readonly fn: FunctionValue }>()

  constructor(session: Session, exists: () => boolean) {
    this.#session = session
    this.#exists = exists
  }

  find(name: string): Builtin | undefined {
    if (!this.#exists()) return undefined
    const dfs = dfsOf(this.#session)
    dfs.catalog.refresh()
    const record = functionViewOf(dfs.catalog, name)
    if (record === undefined) return undefined
    const fn = this.#function(record)
    const params = fn.variant === 'user' ? fn.params : []
    return {
      ...builtin('Function views', `${name}()`, {
        doc: `A function view of ${record.owner}.`,
        call: (args) => this.#call(name, args),
      }),
      params,
      minArgs: params.filter((p) => !p.optional).length,
      maxArgs: params.length,
    }
  }

  /** As it is now: it may have been dropped or made anew since it was found. */
  #call(name: string, args: Parameters<Builtin['call']>[0]): ReturnType<Builtin['call']> {
    const session = this.#session
    const dfs = dfsOf(session)
    dfs.catalog.refresh()
    const record = functionViewOf(dfs.catalog, name)
    if (record === undefined) throw inputError(`The function view [${name}] does not exist.`, { refId: 'S04002' })
    const isOwner = record.owner === session.user
    if (!isOwner && dfs.permissions.viewState(name) !== 'allow')
      throw noPrivilege(session.user, `execute function view ${name}`)
    const caller = session.user
    session.user = record.owner
    try {
      return session.call(this.#function(record), args)
    } finally {
      session.user = caller
    }
  }

  #function(record: ViewRecord): FunctionValue {
    const known = this.#loaded.get(record.name)
    if (known !== undefined && known.record.definition === record.definition) return known.fn
    const transfer = deserialize(Buffer.from(record.definition, 'base64')) as Transfer
    const fn = decodeValue(transfer, { session: this.#session }) as FunctionValue
    this.#loaded.set(record.name, { record, fn })
    return fn
  }
}

export const provideFunctionViews = (session: Session, exists: () => boolean): void =>
  session.provide(functionViewService, new StoredViews(session, exists))
