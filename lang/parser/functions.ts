// Functions: named definitions and every form of lambda.

import type { DefStatement, Expr, FunctionBody, LambdaExpr, Parameter, Statement } from '../ast.ts'
import type { Span } from '../source.ts'
import type { Cursor } from './cursor.ts'
import { parseExpr } from './expressions.ts'
import { parseBlock, parseStatement, STATEMENT_MODES } from './statements.ts'

/** `(a, mutable b, c=1)`. */
export function parseParams(p: Cursor): Parameter[] {
  p.expect('(', 'before the parameters')
  return p.bracketed(() => {
    const params: Parameter[] = []
    if (p.take(')')) return params
    let needsDefault = false
    for (;;) {
      const start = p.offset()
      let mutable = false
      if ((p.is('mutable') || p.is('const')) && p.peek(1).tokenType.name === 'Identifier')
        mutable = p.next().image === 'mutable'
      const name = p.expectName('a parameter').image
      const fallback = p.take('=') ? parseExpr(p) : null
      const span = p.span(start)
      if (fallback !== null && mutable)
        throw p.error('A parameter with default value must be read only.', span, 'S06012')
      if (fallback === null && needsDefault)
        throw p.error('All parameters behind a parameter with default value must have default values.', span, 'S06013')
      if (params.some((other) => other.name === name)) throw p.error(`Duplicate parameter name [${name}].`, span)
      needsDefault ||= fallback !== null
      params.push({ name, mutable, default: fallback, span })
      if (p.take(')')) return params
      p.expect(',', "or ')' after a parameter")
    }
  })
}

/** A body that is one expression: the modes of what surrounds the function do not reach into it, the end of the line does. */
function expressionBody(p: Cursor, keepNewlines: boolean): FunctionBody {
  const start = p.offset()
  p.deeper()
  const expr = p.within({ sql: false, metacode: p.metacode, ignoreNewlines: keepNewlines, inOn: false }, () =>
    parseExpr(p),
  )
  p.depth--
  return { kind: 'expression', expr, span: p.span(start) }
}

function blockBody(p: Cursor): FunctionBody {
  const start = p.offset()
  const statements = p.within({ ...STATEMENT_MODES }, () => parseBlock(p))
  return { kind: 'block', statements, span: p.span(start) }
}

function lambda(
  p: Cursor,
  start: number,
  params: readonly Parameter[],
  aggregate: boolean,
  body: () => FunctionBody,
): LambdaExpr {
  p.names.enter('lambda', params)
  let parsed: FunctionBody
  let names: ReturnType<typeof p.names.leave>
  try {
    parsed = body()
  } finally {
    names = p.names.leave()
  }
  return {
    kind: 'lambda',
    params,
    body: parsed,
    aggregate,
    captures: names.captures,
    locals: names.locals,
    span: p.span(start),
  }
}

const parameter = (name: string, start: number): Parameter => ({
  name,
  mutable: false,
  default: null,
  span: { start, end: start + name.length },
})

/** `x -> expr`. */
export function parseArrowLambda(p: Cursor): Expr {
  const token = p.next()
  p.next()
  return lambda(p, token.startOffset, [parameter(token.image, token.startOffset)], false, () =>
    expressionBody(p, p.ignoreNewlines),
  )
}

/** `def(a, b){...}`, `def(a): expr`, `def(a) -> expr`, with `defg` an aggregate. */
export function parseDefLambda(p: Cursor): Expr {
  const token = p.next()
  const params = parseParams(p)
  return lambda(p, token.startOffset, params, token.image === 'defg', () => {
    if (p.is('{') || p.afterNewlines().image === '{') {
      p.skipNewlines()
      return blockBody(p)
    }
    if (p.take('->') || p.take(':')) return expressionBody(p, p.ignoreNewlines)
    throw p.unexpected("'{', ':' or '->' before the body of an anonymous function")
  })
}

/** `{x -> x*x}`, `{x, y -> x+y}`, `{def(x): x*x}`. */
export function parseBracedLambda(p: Cursor): Expr {
  const start = p.next().startOffset
  const inner = p.bracketed((): Expr => {
    if (p.is('def') || p.is('defg')) return parseDefLambda(p)
    const params: Parameter[] = []
    do {
      const name = p.expectName('a parameter')
      params.push(parameter(name.image, name.startOffset))
    } while (p.take(','))
    p.expect('->', 'after the parameters of a lambda')
    return lambda(p, start, params, false, () => expressionBody(p, true))
  })
  p.skipNewlines()
  p.expect('}', 'to close the lambda')
  return { ...inner, span: p.span(start) } as Expr
}

/** `def f(a){...}`, `def f(a): statement`, `def f(a)`. */
export function parseDef(p: Cursor, annotations: readonly string[] = [], method = false): DefStatement {
  const token = p.next()
  const name = p.expectName('the name of a function')
  const nameSpan = { start: name.startOffset, end: name.endOffset! + 1 }
  if (p.names.inFunction)
    throw p.error(`Not allowed to define a named function [${name.image}] within another function.`, nameSpan, 'S06003')
  if (!method && p.names.isBuiltin(name.image))
    throw p.error('Not allowed to overwrite existing built-in functions/procedures.', nameSpan, 'S06005')
  const params = parseParams(p)
  if (method) p.names.defineMethod(name.image)
  else
    p.names.defineFunction(
      name.image,
      params.map((param) => param.name),
    )
  let body: FunctionBody | null = null
  p.names.enter('def', params)
  let names: ReturnType<typeof p.names.leave>
  try {
    if (p.is('{') || p.afterNewlines().image === '{') {
      p.skipNewlines()
      body = blockBody(p)
    } else if (p.take(':') || p.take('->')) {
      p.skipNewlines()
      body = statementBody(p)
    }
  } finally {
    names = p.names.leave()
  }
  if (!method) checkDeclaration(p, name.image, params.length, nameSpan, body !== null)
  return {
    kind: 'def',
    name: name.image,
    params,
    body,
    aggregate: token.image === 'defg',
    annotations,
    locals: names.locals,
    span: p.span(token.startOffset),
  }
}

/** A declaration waits for its definition, which must take as many parameters. */
function checkDeclaration(p: Cursor, name: string, arity: number, span: Span, defined: boolean): void {
  if (!defined) {
    p.names.declared.set(name, { arity, span })
    return
  }
  const declaration = p.names.declared.get(name)
  if (declaration === undefined) return
  p.names.declared.delete(name)
  if (declaration.arity !== arity)
    throw p.error(`The signature of function <${name}> differs from that of its declaration.`, span, 'S06008')
}

/** One statement after the colon; an expression is the value of the function. */
function statementBody(p: Cursor): FunctionBody {
  const start = p.offset()
  const statement: Statement = parseStatement(p)
  if (statement.kind === 'expression') return { kind: 'expression', expr: statement.expr, span: p.span(start) }
  if (statement.kind === 'return' && statement.value !== null)
    return { kind: 'expression', expr: statement.value, span: p.span(start) }
  return { kind: 'block', statements: [statement], span: p.span(start) }
}
