// Functions without a name: every form of lambda.

import type { Expr, FunctionBody, LambdaExpr, Parameter } from '../ast.ts'
import { type Cursor, STATEMENT_MODES } from './cursor.ts'
import { parseExpr } from './expressions.ts'

/** A body that is one expression: the modes of what surrounds the function do not reach into it, the end of the line does. */
function expressionBody(p: Cursor, keepNewlines: boolean): FunctionBody {
  p.skipNewlines()
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
  const statements = p.within(STATEMENT_MODES, () => p.rules.block(p))
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
    ...(parsed.kind === 'block' ? { blockText: p.source.slice(parsed.span) } : {}),
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

/** `(x, y) -> expr`. */
export function parseParenthesisedLambda(p: Cursor): Expr {
  const start = p.next().startOffset
  const params: Parameter[] = []
  do {
    p.skipNewlines()
    const name = p.expectName('a parameter')
    params.push(parameter(name.image, name.startOffset))
    p.skipNewlines()
  } while (p.take(','))
  p.expect(')', 'after the parameters of a lambda')
  p.expect('->', 'after the parameters of a lambda')
  return lambda(p, start, params, false, () => expressionBody(p, p.ignoreNewlines))
}

/** `def(a, b){...}`, `def(a): expr`, `def(a) -> expr`, with `defg` an aggregate. */
export function parseDefLambda(p: Cursor): Expr {
  const token = p.next()
  const params = p.rules.parameters(p)
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
