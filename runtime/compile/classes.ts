/**
 * Classes (language specification, 5.10). An instance is a resource whose payload holds the attribute values in declaration order, those of the
 * base class first. A method is a script function with the instance as its hidden first parameter; inside it a name is a parameter, else
 * an attribute. Methods are looked up in the class of the instance, so they are virtual.
 */
import type { ClassStatement, DefStatement, LambdaExpr } from '../../lang/ast.ts'
import { inputError } from '../errors.ts'
import { castValue } from '../ops/cast.ts'
import {
  AnyVector,
  ARRAY_BASE,
  newVector,
  Resource,
  Scalar,
  T,
  typeByName,
  UserFunction,
  type Value,
} from '../values/index.ts'
import type { DirectCode } from './cells.ts'
import { compileMethod, type Origin, parametersOf } from './functions.ts'
import type { Host } from './host.ts'
import { compiledCode, UserCode } from './user-code.ts'

export interface Attribute {
  readonly name: string
  readonly type: number
  readonly form: string
}

export class ScriptClass {
  readonly name: string
  readonly base: ScriptClass | undefined
  /** Inherited attributes first. */
  readonly attributes: readonly Attribute[]
  readonly methods = new Map<string, UserFunction>()

  constructor(name: string, base: ScriptClass | undefined, own: readonly Attribute[]) {
    this.name = name
    this.base = base
    this.attributes = [...(base?.attributes ?? []), ...own]
  }

  method(name: string): UserFunction | undefined {
    return this.methods.get(name) ?? this.base?.method(name)
  }

  isA(other: ScriptClass): boolean {
    return this === other || this.base?.isA(other) === true
  }
}

export interface Instance {
  readonly scriptClass: ScriptClass
  readonly values: Value[]
}

export function instanceOf(v: Value): Instance | undefined {
  return v.kind === 'resource' && v.resourceType === 'instance' ? (v.payload as Instance) : undefined
}

/** A class statement: defines the class, and a function of its name that makes instances. */
export function defineClass(host: Host, node: ClassStatement, origin: Origin): void {
  const base = node.base === null ? undefined : host.classes.get(node.base)
  if (node.base !== null && base === undefined) throw inputError(`The class ${node.base} is not defined.`)
  const own = node.attributes.map((a): Attribute => {
    const type = typeByName(a.type.name)
    if (type === undefined) throw inputError(`${a.type.name} is not a data type.`)
    if (base?.attributes.some((b) => b.name === a.name) === true)
      throw inputError(`The attribute ${a.name} is declared in the base class already.`)
    return { name: a.name, type: a.type.array ? ARRAY_BASE + type.id : type.id, form: a.form }
  })
  const scriptClass = new ScriptClass(node.name, base, own)
  for (const method of node.methods) {
    if (method.body === null) continue
    for (const p of method.params)
      if (scriptClass.attributes.some((a) => a.name === p.name))
        throw inputError(`The parameter ${p.name} of ${method.name} has the name of an attribute.`)
    scriptClass.methods.set(method.name, methodFunction(host, scriptClass, method, origin))
  }
  host.classes.set(node.name, scriptClass)
  const maker = constructorFunction(host, scriptClass, node, origin)
  host.functionCell(node.name).bind(maker, (fn, args) => host.call(fn, args))
}

const SELF = { name: 'self', optional: false, mutable: false, rest: false } as const

function methodFunction(host: Host, scriptClass: ScriptClass, node: DefStatement, origin: Origin): UserFunction {
  const code = new UserCode(node, origin.source, origin.module, [], (c) =>
    compileMethod(host, c, scriptClass, node.name),
  )
  const params = [SELF, ...parametersOf(host, node.params, origin)]
  return new UserFunction(
    `${scriptClass.name}.${node.name}`,
    params,
    node.aggregate,
    origin.source.slice(node.span),
    [],
    code,
  )
}

function constructorFunction(host: Host, scriptClass: ScriptClass, node: ClassStatement, origin: Origin): UserFunction {
  const written = node.methods.find((m) => m.name === node.name && m.body !== null)
  const definition: DefStatement | LambdaExpr = written ?? emptyConstructor(node)
  const run: DirectCode = (...args) => {
    const values = scriptClass.attributes.map(initialValue)
    const instance = new Resource(T.RESOURCE, 'instance', `<Instance of Class '::${scriptClass.name}'>`, {
      scriptClass,
      values,
    } satisfies Instance)
    const method = scriptClass.methods.get(node.name)
    if (method !== undefined) host.call(method, [instance, ...args])
    return instance
  }
  const code = new UserCode(definition, origin.source, origin.module, [], () => compiledCode(run))
  return new UserFunction(
    node.name,
    parametersOf(host, definition.params, origin),
    false,
    origin.source.slice(node.span),
    [],
    code,
  )
}

const emptyConstructor = (node: ClassStatement): DefStatement => ({
  kind: 'def',
  name: node.name,
  params: [],
  body: { kind: 'block', statements: [], span: node.span },
  aggregate: false,
  annotations: [],
  locals: [],
  span: node.span,
})

/** Attributes start as nulls of their type; vectors empty. */
function initialValue(a: Attribute): Value {
  if (a.form.toUpperCase() === 'VECTOR')
    return a.type === T.ANY ? new AnyVector([]) : newVector(a.type === T.SYMBOL ? T.STRING : a.type, 0)
  return a.type >= ARRAY_BASE || a.type === T.ANY ? Scalar.VOID : Scalar.nullOf(a.type)
}

/** A value on its way into an attribute: scalars and vectors take the declared type. */
export function attributeValue(a: Attribute, value: Value): Value {
  if (a.type === T.ANY || (value.kind !== 'scalar' && value.kind !== 'vector')) return value
  if (value.type === a.type || value.type === T.VOID) return value
  if (a.type >= ARRAY_BASE && value.kind === 'scalar') return value
  return castValue(value, a.type)
}

/** `Base(args)` inside a constructor. */
export function baseConstructor(session: Host, self: Value, name: string, args: (Value | undefined)[]): Value {
  const method = session.classes.get(name)?.methods.get(name)
  if (method !== undefined) session.call(method, [self, ...args])
  return Scalar.VOID
}

/** A call of a method by its bare name inside another method. */
export function ownMethod(session: Host, self: Value, name: string, args: (Value | undefined)[]): Value {
  const method = instanceOf(self)?.scriptClass.method(name)
  if (method === undefined) throw inputError(`The class has no method ${name}.`)
  return session.call(method, [self, ...args])
}

/** Value of an attribute, undefined if there is none of that name. */
export function attributeOf(instance: Instance, name: string): Value | undefined {
  const at = instance.scriptClass.attributes.findIndex((a) => a.name === name)
  return at < 0 ? undefined : instance.values[at]
}

export function setAttribute(instance: Instance, name: string, value: Value): void {
  const at = instance.scriptClass.attributes.findIndex((a) => a.name === name)
  if (at < 0) throw inputError(`The class ${instance.scriptClass.name} has no attribute ${name}.`)
  instance.values[at] = attributeValue(instance.scriptClass.attributes[at], value)
}
