/** Functions on instances of classes. */

import { type Instance, instanceOf, ScriptClass, setAttribute } from '../compile/classes.ts'
import { codeOf } from '../compile/code.ts'
import type { Host } from '../compile/host.ts'
import { inputError, usageError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import { AnyVector, type CodeValue, Scalar, StringVector, typeName, type Value } from '../values/index.ts'
import { type Arg, textArg } from './args.ts'
import { exprOf } from './metaprogramming.ts'

const { entries, define } = topicTable('Objects')

function instanceArg(v: Arg, signature: string): Instance {
  const instance = v === undefined ? undefined : instanceOf(v)
  if (instance === undefined) throw usageError(signature, 'obj must be an instance of a class.')
  return instance
}

define('attributeNames(obj)', {
  doc: 'Names of the attributes of an instance.',
  call: ([obj]) => new StringVector(instanceArg(obj, 'attributeNames(obj)').scriptClass.attributes.map((a) => a.name)),
})

define('attributeValues(obj)', {
  doc: 'Tuple of the values of the attributes of an instance.',
  call: ([obj]) => new AnyVector(instanceArg(obj, 'attributeValues(obj)').values.slice()),
})

define('attributeTypes(obj)', {
  doc: 'Type names of the attributes of an instance.',
  call: ([obj]) =>
    new StringVector(instanceArg(obj, 'attributeTypes(obj)').scriptClass.attributes.map((a) => typeName(a.type))),
})

define('setAttr(obj, name, value)', {
  doc: 'Sets an attribute of an instance from outside its methods.',
  call: ([obj, name, value]) => {
    setAttribute(
      instanceArg(obj, 'setAttr(obj, name, value)'),
      textArg(name, 'setAttr(obj, name, value)', 'name'),
      value as Value,
    )
    return Scalar.VOID
  },
})

define('isInstanceOf(obj, class)', {
  doc: 'Whether an object is an instance of a class or of one derived from it.',
  call: ([obj, type], session) => {
    const name = type?.kind === 'function' ? type.name : textArg(type, 'isInstanceOf(obj, class)', 'class')
    const scriptClass = (session as Host).classes.get(name)
    if (!(scriptClass instanceof ScriptClass)) throw inputError(`The class ${name} is not defined.`)
    const instance = obj === undefined ? undefined : instanceOf(obj)
    return Scalar.bool(instance?.scriptClass.isA(scriptClass) === true)
  },
})

function methodOf(obj: Arg, name: string, signature: string) {
  const method = instanceArg(obj, signature).scriptClass.method(name)
  if (method === undefined)
    throw inputError(`The class ${instanceArg(obj, signature).scriptClass.name} has no method ${name}.`)
  return method
}

define('objCall(obj, method, args...)', {
  doc: 'Calls a method of an instance by name.',
  call: ([obj, name, ...args], session) => {
    const signature = 'objCall(obj, method, args...)'
    return session.call(methodOf(obj, textArg(name, signature, 'method'), signature), [obj, ...args])
  },
})

define('unifiedObjCall(obj, method, args)', {
  doc: 'Calls a method of an instance by name with the elements of a tuple as arguments.',
  call: ([obj, name, args], session) => {
    const signature = 'unifiedObjCall(obj, method, args)'
    const list = args?.kind === 'vector' ? Array.from({ length: args.length }, (_, k) => args.get(k)) : []
    return session.call(methodOf(obj, textArg(name, signature, 'method'), signature), [obj, ...list])
  },
})

define('makeObjCall(obj, method, args...)', {
  doc: 'Metacode of a call of a method: makeObjCall(obj, "m", 1).eval() is obj.m(1).',
  call: ([obj, name, ...args]) => methodCode(obj, name, args, 'makeObjCall(obj, method, args...)'),
})

define('makeUnifiedObjCall(obj, method, args)', {
  doc: 'Metacode of a call of a method whose arguments are the elements of a tuple.',
  call: ([obj, name, args]) => {
    const list = args?.kind === 'vector' ? Array.from({ length: args.length }, (_, k) => args.get(k)) : []
    return methodCode(obj, name, list, 'makeUnifiedObjCall(obj, method, args)')
  },
})

function methodCode(obj: Arg, name: Arg, args: readonly Arg[], signature: string): CodeValue {
  const method = textArg(name, signature, 'method')
  methodOf(obj, method, signature)
  const span = { start: 0, end: 0 }
  return codeOf({
    expr: {
      kind: 'methodCall',
      object: exprOf(obj as Value),
      method: { kind: 'name', name: method, binding: 'free', span },
      args: args.map((a) => ({ name: null, value: exprOf(a ?? Scalar.VOID), alias: null, span })),
      span,
    },
    alias: null,
  })
}

export const objectBuiltins = entries
