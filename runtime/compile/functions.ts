/** Function definitions and closures. */
import type { Block, Expr, LambdaExpr, Parameter } from '../../lang/ast.ts'
import type { SourceText } from '../../lang/source.ts'
import type { Param } from '../registry.ts'
import { Scalar, UserFunction, type Value } from '../values/index.ts'
import type { ScriptClass } from './classes.ts'
import { type CompiledCode, Emitter, guessOfValue } from './emitter.ts'
import { emitExpr, emitName } from './expressions.ts'
import type { Host } from './host.ts'
import { literalValue } from './literals.ts'
import { plainLocals } from './locals.ts'
import { box, type Plain } from './plain.ts'
import { emitPlain, readBinding } from './plain-code.ts'
import { emitBlock } from './statements.ts'
import { type Definition, UserCode } from './user-code.ts'
import { walk } from './walk.ts'

/** Where a definition stands. */
export interface Origin {
  readonly source: SourceText
  readonly module: string
}

/** A script function as a value. Named functions capture nothing. `declared`: names that a declaration gave to the parameters. */
export function makeFunction(
  host: Host,
  node: Definition,
  origin: Origin,
  captured: readonly Value[],
  declared: readonly string[] = [],
): UserFunction {
  const captures = node.kind === 'lambda' ? node.captures : []
  const name = node.kind === 'def' ? node.name : ''
  const code = new UserCode(node, origin.source, origin.module, captures, (c, first) =>
    compileFunction(host, c, name, first),
  )
  const params = parametersOf(host, node.params, origin).map((p, k) => ({ ...p, name: declared[k] ?? p.name }))
  return new UserFunction(name, params, node.aggregate, origin.source.slice(node.span), captured, code)
}

export const parametersOf = (host: Host, params: readonly Parameter[], origin: Origin): Param[] =>
  params.map((p) => parameter(host, p, origin))

function parameter(host: Host, p: Parameter, origin: Origin): Param {
  return {
    name: p.name,
    optional: p.default !== null,
    defaultText: p.default === null ? undefined : origin.source.slice(p.default.span),
    defaultValue: p.default === null ? undefined : defaultValue(host, p.default, origin),
    mutable: p.mutable,
    rest: false,
  }
}

/** Defaults are constants: evaluated once, at the definition. */
function defaultValue(host: Host, node: Expr, origin: Origin): Value {
  return node.kind === 'literal' ? literalValue(node) : evaluateExpr(host, node, origin, false)
}

/** Value of an expression that stands alone. */
export function evaluateExpr(host: Host, node: Expr, origin: Origin, seesSession: boolean): Value {
  const em = new Emitter({ host, source: origin.source, module: origin.module, seesSession })
  const body = `${em.mark(node.span)} return ${emitExpr(em, node)}`
  return em.build([], body, { source: origin.source, spans: em.spans, functionName: undefined })()
}

/** `first`: the arguments of the first call (captured values before them), by which the types of parameters are guessed; undefined: nothing is guessed. */
function compileFunction(host: Host, code: UserCode, name: string, first: readonly Plain[] | undefined): CompiledCode {
  const node = code.definition
  const em = new Emitter({ host, source: code.source, module: code.module, seesSession: false })
  em.inFunction = true
  const params = [...code.captures, ...node.params.map((p) => p.name)]
  const guesses = new Map(params.map((p, k) => [p, guessOfValue(first?.[k] === undefined ? undefined : box(first[k]))]))
  em.forgets = hasUndef(node)
  if (em.writesOut) em.plainLocals = plainLocals(node, guesses)
  const names = code.captures.map((c) => em.declareParameter(c, false))
  for (const p of node.params) names.push(em.declareParameter(p.name, p.mutable))
  for (const local of node.locals) em.declareLocal(local)
  if (code.mutableAt.length > 0) {
    const finals = code.mutableAt.map((k) => readBinding(em, em.bindings.get(node.params[k].name)!))
    em.beforeReturn = em.help('setFinals', `[${finals.join(', ')}]`)
  }
  const info = { source: code.source, spans: em.spans, functionName: name === '' ? 'lambda' : name }
  const widen = (): void => code.replace(compileFunction(host, code, name, undefined))
  // A recursion has no back-edge, so calls of named functions look for an interrupt too.
  const entry = name === '' ? '' : `${em.help('enter')};\n`
  return em.buildBoth(names, `${entry}${emitEntry(em, params, widen)}${emitBody(em, node)}`, info)
}

function hasUndef(node: Definition): boolean {
  let found = false
  walk(node.body, (n) => {
    found ||= n.kind === 'undef'
    return !found
  })
  return found
}

/** Parameters become plain, or Values, as the body takes them. One of another type than was guessed has the function compiled anew without guesses. */
function emitEntry(em: Emitter, params: readonly string[], widen: () => void): string {
  const lines = params.map((name) => {
    const { js, plain } = em.bindings.get(name)!
    if (plain === undefined) return `if (typeof ${js} !== "object") ${js} = ${em.help('box', js)};`
    const { slot, guess } = plain
    const otherwise = guess === undefined ? '' : ` else ${em.constant(widen)}();`
    const intoSlot = `if (${em.help('isDouble', js)}) { ${slot} = ${js}.value; ${js} = null; }`
    if (guess === 'double') return `${intoSlot}${otherwise}`
    const unboxed = `if (typeof ${js} === "object") ${js} = ${em.help('plain', js)};`
    if (guess !== undefined) return `${unboxed} if (typeof ${js} !== "${TYPEOF[guess]}") ${em.constant(widen)}();`
    return slot === undefined
      ? unboxed
      : `if (typeof ${js} === "object") { ${intoSlot} else ${js} = ${em.help('plain', js)}; }`
  })
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

const TYPEOF = { int: 'number', long: 'bigint', bool: 'boolean', string: 'string' } as const

/** A method: the instance comes first; its attributes are names of the body, its methods are called by name. */
export function compileMethod(host: Host, code: UserCode, scriptClass: ScriptClass, name: string): CompiledCode {
  const node = code.definition
  const em = new Emitter({ host, source: code.source, module: code.module, seesSession: false })
  em.inFunction = true
  const self = em.declareParameter('self', false)
  em.method = { self, scriptClass }
  scriptClass.attributes.forEach((attribute, k) => {
    const js = `${self}.payload.values[${k}]`
    em.bindings.set(attribute.name, { js, definite: true, writable: true, local: false, attribute })
  })
  const names = [self, ...node.params.map((p) => em.declareParameter(p.name, p.mutable))]
  for (const local of node.locals) em.declareLocal(local)
  em.forgets = hasUndef(node)
  const boxed = names.map((js) => `${js} = ${em.help('box', js)};`)
  const info = { source: code.source, spans: em.spans, functionName: `${scriptClass.name}.${name}` }
  return em.buildBoth(names, `${boxed.join(' ')}\n${emitBody(em, node)}`, info)
}

function emitBody(em: Emitter, node: Definition): string {
  const body = node.body
  if (body === null)
    return `${em.mark(node.span)} ${em.help('notDefined', em.constant(node.kind === 'def' ? node.name : ''))};`
  if (body.kind === 'expression') return `${em.mark(body.span)} ${emitReturn(em, emitPlain(em, body.expr).code)}`
  return `${emitBlock(em, body.statements as Block)}\n${em.beforeReturn === '' ? '' : `${em.beforeReturn};`} return ${em.constant(Scalar.VOID)};`
}

/** Returns a Value or plain value after the mutable parameters were stored. */
export function emitReturn(em: Emitter, code: string): string {
  if (em.beforeReturn === '') return `return ${code};`
  const t = em.temporary()
  return `${t} = ${code}; ${em.beforeReturn}; return ${t};`
}

/** A lambda where it stands: without captures one function value for ever, else a new one with the captured values. */
export function emitClosure(em: Emitter, node: LambdaExpr): string {
  const origin: Origin = { source: em.source, module: em.module }
  if (node.captures.length === 0) return em.constant(makeFunction(em.host, node, origin, []))
  const values = node.captures.map((name) => emitName(em, { kind: 'name', name, binding: 'variable', span: node.span }))
  return em.help('closure', '$s', em.constant(node), em.constant(origin), `[${values.join(', ')}]`)
}
