// Definitions of functions and classes, with their annotations; mapr.

import type {
  ClassAttribute,
  ClassStatement,
  DefStatement,
  Expr,
  FunctionBody,
  MaprStatement,
  Parameter,
  RunningForm,
  Statement,
} from '../ast.ts'
import { Identifier, W } from '../keywords.ts'
import { type Cursor, STATEMENT_MODES, spanOf } from '../parser/cursor.ts'
import { parseExpr } from '../parser/expressions.ts'
import { isTestingName, parseTypeName } from '../parser/primary.ts'
import { isReservedWord } from '../parser/words.ts'
import { isName } from '../roles.ts'
import type { Span } from '../source.ts'
import { S } from '../vocabulary.ts'
import type { Rule } from './base.ts'
import { FlowRules } from './flow.ts'
import { atEnd, skipSeparators } from './separators.ts'

export abstract class FunctionRules extends FlowRules {
  /** `(a, mutable b, c=1)`. */
  protected readonly params: Rule<[], Parameter[]> = this.rule('params', () => {
    const p = this.cursor
    this.CONSUME(S['('], { ERR_MSG: "'(' before the parameters" })
    return p.bracketed(() => {
      const params: Parameter[] = []
      this.OPTION(() => {
        this.SUBRULE(this.parameter, { ARGS: [params] })
        this.MANY(() => {
          this.CONSUME(S[','])
          this.SUBRULE2(this.parameter, { ARGS: [params] })
        })
      })
      this.CONSUME(S[')'], { ERR_MSG: params.length === 0 ? 'a parameter' : "',' or ')' after a parameter" })
      return params
    })
  })

  /** One more parameter behind others. */
  protected readonly parameter: Rule<[others: Parameter[]], void> = this.rule('parameter', (others) => {
    const p = this.cursor
    const start = p.offset()
    const modifier = this.OPTION({
      GATE: () => (p.is('mutable') || p.is('const')) && isName(p.peek(1)),
      DEF: () => this.OR([{ ALT: () => this.CONSUME(W.mutable) }, { ALT: () => this.CONSUME(W.const) }]),
    })
    const mutable = modifier?.tokenType === W.mutable
    const name = this.CONSUME(Identifier, { ERR_MSG: 'a parameter' }).image
    const fallback = this.OPTION2(() => {
      this.CONSUME(S['='])
      return this.SUBRULE(this.expression)
    })
    if (this.RECORDING_PHASE) return
    const span = p.span(start)
    if (isReservedWord(name)) throw p.error(`${name} is a reserved word and can't name a parameter.`, span)
    if (fallback !== undefined && mutable)
      throw p.error('A parameter with default value must be read only.', span, 'S06012')
    if (fallback === undefined && others.at(-1)?.default)
      throw p.error('All parameters behind a parameter with default value must have default values.', span, 'S06013')
    if (others.some((other) => other.name === name)) throw p.error(`Duplicate parameter name [${name}].`, span)
    others.push({ name, mutable, default: fallback ?? null, span })
  })

  /** `def f(a){...}`, `def f(a): statement`, `def f(a)`. */
  protected readonly def: Rule<[annotations?: readonly string[], method?: boolean], DefStatement> = this.rule(
    'def',
    (annotations = [], method = false) => {
      const p = this.cursor
      const word = this.OR(this.#defWords)
      const name = this.CONSUME(Identifier, { ERR_MSG: 'the name of a function' })
      const nameSpan = spanOf(name)
      if (p.names.inFunction)
        throw p.error(
          `Not allowed to define a named function [${name.image}] within another function.`,
          nameSpan,
          'S06003',
        )
      if (!method && p.names.isBuiltin(name.image))
        throw p.error('Not allowed to overwrite existing built-in functions/procedures.', nameSpan, 'S06005')
      const params = this.SUBRULE(this.params)
      if (this.RECORDING_PHASE) {
        this.SUBRULE(this.defBody)
        return undefined as never
      }
      if (method) p.names.defineMethod(name.image)
      else
        p.names.defineFunction(
          name.image,
          params.map((param) => param.name),
        )
      p.names.enter('def', params)
      let names: ReturnType<typeof p.names.leave>
      let body: FunctionBody | null
      try {
        body = this.SUBRULE(this.defBody)
      } finally {
        names = p.names.leave()
      }
      if (!method) checkDeclaration(p, name.image, params.length, nameSpan, body !== null)
      return {
        kind: 'def',
        name: name.image,
        params,
        body,
        aggregate: word.tokenType === W.defg,
        annotations,
        locals: names.locals,
        span: p.span(word.startOffset),
      }
    },
  )

  readonly #defWords = [{ ALT: () => this.CONSUME(W.def) }, { ALT: () => this.CONSUME(W.defg) }]

  /** Nothing is a declaration: the body follows further on in the script. */
  protected readonly defBody: Rule<[], FunctionBody | null> = this.rule('defBody', () => {
    const p = this.cursor
    const block = this.OPTION({
      GATE: () => {
        if (p.afterNewlines().image === '{') p.skipNewlines()
        return true
      },
      DEF: (): FunctionBody => {
        const start = p.offset()
        const statements = p.within(STATEMENT_MODES, () => this.SUBRULE(this.block))
        return { kind: 'block', statements, span: p.span(start) }
      },
    })
    if (!this.chosen(block === undefined)) return block!
    const statement = this.OPTION2(() => {
      this.OR([{ ALT: () => this.CONSUME(S[':']) }, { ALT: () => this.CONSUME(S['->']) }])
      p.skipNewlines()
      const start = p.offset()
      return bodyOf(this.SUBRULE(this.statement), p.span(start))
    })
    return statement ?? null
  })

  /** `@name` before a definition, `@name: key=value, ...`; or an expression that begins with `@testing_case`. */
  protected readonly annotation: Rule<[], Statement> = this.rule('annotation', () => {
    const p = this.cursor
    if (!this.RECORDING_PHASE && isTestingName(p)) {
      const expr = parseExpr(p)
      return { kind: 'expression', expr, span: expr.span }
    }
    const start = this.CONSUME(S['@']).startOffset
    const name = this.CONSUME(Identifier, { ERR_MSG: 'the name of an annotation' }).image
    const args = this.OPTION(() => {
      this.CONSUME(S[':'])
      const list = [this.SUBRULE(this.annotationArgument)]
      this.MANY(() => {
        this.CONSUME(S[','])
        list.push(this.SUBRULE2(this.annotationArgument))
      })
      return list
    })
    if (!this.chosen(args === undefined)) return { kind: 'annotation', name, arguments: args!, span: p.span(start) }
    p.skipNewlines()
    const following = this.OR({
      DEF: [
        { ALT: (): Statement => this.SUBRULE(this.annotation) },
        { GATE: () => p.is('def') || p.is('defg'), ALT: (): Statement => this.SUBRULE(this.def, { ARGS: [] }) },
      ],
      ERR_MSG: `a function definition after @${name}`,
    })
    return following.kind === 'def' ? { ...following, annotations: [name, ...following.annotations] } : following
  })

  protected readonly annotationArgument: Rule<[], { readonly name: string; readonly value: Expr }> = this.rule(
    'annotationArgument',
    () => {
      const name = this.CONSUME(Identifier, { ERR_MSG: 'a key of the annotation' }).image
      this.CONSUME(S['='], { ERR_MSG: "'=' after the key of the annotation" })
      return { name, value: this.SUBRULE(this.expression) }
    },
  )

  protected readonly classDefinition: Rule<[], ClassStatement> = this.rule('class', () => {
    const p = this.cursor
    const start = this.CONSUME(W.class).startOffset
    const name = this.CONSUME(Identifier).image
    const base = this.OPTION(() => {
      this.CONSUME(S[':'])
      return this.CONSUME2(Identifier, { ERR_MSG: 'the base class' }).image
    })
    p.skipNewlines()
    this.CONSUME(S['{'], { ERR_MSG: "'{' before the body of a class" })
    p.names.defineFunction(name)
    const attributes: ClassAttribute[] = []
    const methods: DefStatement[] = []
    skipSeparators(p)
    this.MANY(() => {
      this.OR([
        {
          GATE: () => p.is('def') || p.is('defg'),
          ALT: () => methods.push(this.SUBRULE(this.def, { ARGS: [[], true] })),
        },
        { ALT: () => attributes.push(this.SUBRULE(this.attribute)) },
      ])
      skipSeparators(p)
    })
    this.CONSUME(S['}'], { ERR_MSG: 'an attribute or a method' })
    if (this.RECORDING_PHASE) return undefined as never
    for (const m of methods)
      if (m.body === null && !methods.some((other) => other.name === m.name && other.body !== null))
        throw p.error(`Function <${m.name}> is declared but not defined yet.`, m.span, 'S06007')
    return { kind: 'class', name, base: base ?? null, attributes, methods, span: p.span(start) }
  })

  /** `name :: TYPE FORM`. */
  protected readonly attribute: Rule<[], ClassAttribute> = this.rule('attribute', () => {
    const p = this.cursor
    const start = p.offset()
    const name = this.CONSUME(Identifier, { ERR_MSG: 'an attribute or a method' }).image
    this.CONSUME(S['::'], { ERR_MSG: "'::' between an attribute and its type" })
    const type = this.ACTION(() => parseTypeName(p))
    const form = atEnd(p) ? 'SCALAR' : p.next().image
    return { name, type, form, span: p.span(start) }
  })

  protected readonly mapr: Rule<[], MaprStatement> = this.rule('mapr', () => {
    const p = this.cursor
    const start = this.CONSUME(W.mapr).startOffset
    const name = this.CONSUME(Identifier).image
    const params = this.SUBRULE(this.params)
    p.names.enter('def', this.RECORDING_PHASE ? [] : params)
    try {
      p.skipNewlines()
      this.CONSUME(S['{'], { ERR_MSG: "'{' before the body of mapr" })
      return p.bracketed(() => {
        const distributed = this.SUBRULE(this.mapReduce)
        const running = this.OPTION(() => {
          this.CONSUME(S[';'])
          return this.SUBRULE(this.runningForm)
        })
        this.CONSUME(S['}'], { ERR_MSG: "'}' after the body of mapr" })
        return { kind: 'mapr', name, params, distributed, running: running ?? null, span: p.span(start) }
      })
    } finally {
      p.names.leave()
    }
  })

  /** `map, map -> reduce`. */
  protected readonly mapReduce: Rule<[], { readonly map: Expr[]; readonly reduce: Expr }> = this.rule('mapReduce', () =>
    this.cursor.within({ noArrow: true }, () => {
      const map = [this.SUBRULE(this.expression)]
      this.MANY(() => {
        this.CONSUME(S[','])
        map.push(this.SUBRULE2(this.expression))
      })
      this.CONSUME(S['->'], { ERR_MSG: "'->' between map and reduce" })
      return { map, reduce: this.SUBRULE3(this.expression) }
    }),
  )

  /** `run, run -> reduce`, or one function: `cumsum`. */
  protected readonly runningForm: Rule<[], RunningForm> = this.rule('runningForm', () =>
    this.cursor.within({ noArrow: true }, () => {
      const map = [this.SUBRULE(this.expression)]
      this.MANY(() => {
        this.CONSUME(S[','])
        map.push(this.SUBRULE2(this.expression))
      })
      const reduce = this.OPTION(() => {
        this.CONSUME(S['->'])
        return this.SUBRULE3(this.expression)
      })
      if (reduce === undefined && map.length > 1) throw this.cursor.unexpected("'->' between map and reduce")
      return { map, reduce: reduce ?? null }
    }),
  )
}

/** A body that is one statement; an expression is the value of the function. */
function bodyOf(statement: Statement, span: Span): FunctionBody {
  if (statement.kind === 'expression') return { kind: 'expression', expr: statement.expr, span }
  if (statement.kind === 'return' && statement.value !== null)
    return { kind: 'expression', expr: statement.value, span }
  return { kind: 'block', statements: [statement], span }
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
