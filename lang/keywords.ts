// Words with a token type of their own, by which the grammar tells statements and clauses apart. Every one of them is a name, too: where the grammar
// asks for a name it takes any word, and whether a word is a keyword where it stands is decided by the rules (lang/grammar).

import { createToken, Lexer, type TokenType } from 'chevrotain'

/** What can begin an expression: a class of tokens, by which rules know that an expression is ahead. */
export const Operand = createToken({ name: 'Operand', pattern: Lexer.NA })

/** `=`, `+=` and their like. */
export const AssignmentOperator = createToken({ name: 'AssignmentOperator', pattern: Lexer.NA })

/**
 * Puts tokens into a class. Chevrotain would compute the classes anew for each token that is created in one, 5 ms in all; so they are computed once, when
 * the lexer is made.
 */
export function classify(tokens: readonly TokenType[], category: TokenType): void {
  for (const token of tokens) token.CATEGORIES = [category]
}

export const Identifier = createToken({ name: 'Identifier', pattern: Lexer.NA })

const words = [
  'add',
  'all',
  'alter',
  'and',
  'any',
  'as',
  'asc',
  'assert',
  'between',
  'break',
  'by',
  'case',
  'catalog',
  'catch',
  'cgroup',
  'class',
  'column',
  'commit',
  'const',
  'context',
  'continue',
  'create',
  'cross',
  'csort',
  'current',
  'database',
  'def',
  'defg',
  'delete',
  'desc',
  'dimension',
  'distinct',
  'do',
  'drop',
  'else',
  'end',
  'exec',
  'exists',
  'first',
  'following',
  'for',
  'from',
  'full',
  'go',
  'group',
  'having',
  'if',
  'in',
  'include',
  'inner',
  'insert',
  'into',
  'is',
  'join',
  'last',
  'left',
  'like',
  'limit',
  'local',
  'map',
  'mapr',
  'module',
  'mutable',
  'not',
  'nulls',
  'on',
  'or',
  'order',
  'outer',
  'over',
  'partition',
  'partitioned',
  'pivot',
  'preceding',
  'range',
  'rename',
  'return',
  'right',
  'rollback',
  'row',
  'rows',
  'select',
  'semi',
  'semijoin',
  'set',
  'share',
  'table',
  'temporary',
  'then',
  'throw',
  'timer',
  'to',
  'top',
  'transaction',
  'try',
  'unbounded',
  'undef',
  'union',
  'update',
  'use',
  'values',
  'when',
  'where',
  'while',
  'with',
] as const

export type Word = (typeof words)[number]

const wordToken = (word: Word): [Word, TokenType] => [word, createToken({ name: `'${word}'`, pattern: Lexer.NA })]

/** The token type of each word. */
export const W = Object.fromEntries(words.map(wordToken)) as Readonly<Record<Word, TokenType>>

classify([Identifier], Operand)
classify(Object.values(W), Identifier)

/** The token type of a word as it is written: in lower or in upper case. */
export const KEYWORDS: ReadonlyMap<string, TokenType> = new Map(
  words.flatMap((word): [string, TokenType][] => [
    [word, W[word]],
    [word.toUpperCase(), W[word]],
  ]),
)

/** Predicates, which `not` may precede. */
export const PREDICATES: ReadonlySet<TokenType> = new Set([W.in, W.like, W.between])

/** What follows `left` and its like in a join. */
export const AFTER_DIRECTION: ReadonlySet<TokenType> = new Set([W.join, W.outer, W.semi, W.semijoin])
