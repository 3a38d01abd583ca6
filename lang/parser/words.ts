// Words and operator symbols with a role in the grammar.

import type { BinaryOperator, CompareOperator } from '../ast.ts'

export interface OperatorInfo {
  readonly op: BinaryOperator
  readonly level: number
}

/** Levels of section 3.1 of the language; a higher one binds tighter. */
export const OPERATORS: ReadonlyMap<string, OperatorInfo> = new Map(
  (
    [
      ['||', 'or', 1],
      ['&&', 'and', 2],
      ['<', 'lt', 3],
      ['<=', 'le', 3],
      ['>', 'gt', 3],
      ['>=', 'ge', 3],
      ['==', 'eq', 3],
      ['!=', 'ne', 3],
      ['<>', 'ne', 3],
      ['|', 'bitOr', 4],
      ['^', 'bitXor', 5],
      ['&', 'bitAnd', 6],
      ['<<', 'lshift', 7],
      ['>>', 'rshift', 7],
      ['+', 'add', 8],
      ['-', 'sub', 8],
      ['*', 'mul', 10],
      ['**', 'dot', 10],
      ['/', 'div', 10],
      ['\\', 'ratio', 10],
      ['%', 'mod', 10],
      ['$', 'cast', 10],
      ['<-', 'join', 10],
      [':', 'pair', 15],
      ['..', 'seq', 15],
    ] as const
  ).map(([text, op, level]) => [text, { op, level }]),
)

/** Level of each binary operator by the name of its function: for those who print or build trees. */
export const OPERATOR_LEVELS: ReadonlyMap<string, number> = new Map(
  Array.from(OPERATORS.values(), ({ op, level }) => [op, level]),
)

/** Words that name an operator keep its level. */
export const WORD_OPERATORS: ReadonlyMap<string, OperatorInfo> = new Map(
  (
    [
      ['or', 'or', 1],
      ['and', 'and', 2],
      ['lt', 'lt', 3],
      ['le', 'le', 3],
      ['gt', 'gt', 3],
      ['ge', 'ge', 3],
      ['eq', 'eq', 3],
      ['ne', 'ne', 3],
      ['bitOr', 'bitOr', 4],
      ['bitXor', 'bitXor', 5],
      ['bitAnd', 'bitAnd', 6],
      ['lshift', 'lshift', 7],
      ['rshift', 'rshift', 7],
      ['add', 'add', 8],
      ['sub', 'sub', 8],
      ['mul', 'mul', 10],
      ['div', 'div', 10],
      ['ratio', 'ratio', 10],
      ['mod', 'mod', 10],
      ['dot', 'dot', 10],
      ['join', 'join', 10],
      ['cast', 'cast', 10],
    ] as const
  ).map(([text, op, level]) => [text, { op, level }]),
)

export const COMPARE: ReadonlySet<string> = new Set<CompareOperator>(['lt', 'le', 'gt', 'ge', 'eq', 'ne'])

const lower = [
  'from',
  'where',
  'group',
  'context',
  'pivot',
  'cgroup',
  'csort',
  'having',
  'order',
  'limit',
  'union',
  'map',
  'on',
  'as',
  'asc',
  'desc',
  'nulls',
  'set',
  'values',
  'when',
  'then',
  'end',
  'into',
  'partitioned',
  'by',
  'over',
]
/** Words that end an expression inside SQL (alone or as the first of two). */
export const CLAUSE_WORDS: ReadonlySet<string> = new Set([...lower, ...lower.map((w) => w.toUpperCase())])

const joins = ['inner', 'left', 'right', 'full', 'cross', 'join']
export const JOIN_WORDS: ReadonlySet<string> = new Set([...joins, ...joins.map((w) => w.toUpperCase())])

/** Words that never stand as an operand. */
export const RESERVED: ReadonlySet<string> = new Set([
  'if',
  'else',
  'for',
  'do',
  'while',
  'break',
  'continue',
  'return',
  'try',
  'catch',
  'throw',
  'in',
  'as',
  'between',
  'like',
  'is',
  'and',
  'or',
])

/** Words of statements that can't name a variable or a parameter, besides those that never stand as an operand. */
export const STATEMENT_WORDS: ReadonlySet<string> = new Set([
  'select',
  'exec',
  'SELECT',
  'EXEC',
  'def',
  'defg',
  'module',
  'assert',
  'const',
  'mutable',
])

export const TYPE_NAMES: ReadonlySet<string> = new Set([
  'VOID',
  'BOOL',
  'CHAR',
  'SHORT',
  'INT',
  'LONG',
  'DATE',
  'MONTH',
  'TIME',
  'MINUTE',
  'SECOND',
  'DATETIME',
  'TIMESTAMP',
  'NANOTIME',
  'NANOTIMESTAMP',
  'DATEHOUR',
  'FLOAT',
  'DOUBLE',
  'SYMBOL',
  'STRING',
  'BLOB',
  'UUID',
  'INT128',
  'IPADDR',
  'POINT',
  'COMPLEX',
  'DURATION',
  'FUNCTIONDEF',
  'HANDLE',
  'CODE',
  'DATASOURCE',
  'RESOURCE',
  'ANY',
  'DECIMAL32',
  'DECIMAL64',
  'DECIMAL128',
])

/** Constants that are words of the language; a script can't give them another value. */
export const RESERVED_CONSTANTS: ReadonlySet<string> = new Set([
  'SCALAR',
  'PAIR',
  'VECTOR',
  'MATRIX',
  'SET',
  'DICT',
  'TABLE',
  'LINE',
  'PIE',
  'COLUMN',
  'BAR',
  'AREA',
  'HISTOGRAM',
  'SCATTER',
  'VALUE',
  'RANGE',
  'HASH',
  'LIST',
  'COMPO',
  'VAR',
  'SHARED',
  'DEF',
  'HEAD',
  'CURRENT',
  'TAIL',
  'DFLT',
  'ALL',
  'FIRST',
  'LAST',
])

/** A word that can't name a variable, a parameter or a function. */
export const isReservedWord = (word: string): boolean =>
  RESERVED.has(word) || STATEMENT_WORDS.has(word) || TYPE_NAMES.has(word) || RESERVED_CONSTANTS.has(word)

export const CONSTANTS: ReadonlySet<string> = new Set([
  ...RESERVED_CONSTANTS,
  'pi',
  'e',
  'SEQ',
  'NONE',
  'TABLE_READ',
  'TABLE_INSERT',
  'TABLE_UPDATE',
  'TABLE_DELETE',
  'TABLE_WRITE',
  'DB_READ',
  'DB_INSERT',
  'DB_UPDATE',
  'DB_DELETE',
  'DB_WRITE',
  'DB_MANAGE',
  'DB_OWNER',
  'DBOBJ_CREATE',
  'DBOBJ_DELETE',
  'SCHEMA_READ',
  'SCHEMA_INSERT',
  'SCHEMA_UPDATE',
  'SCHEMA_DELETE',
  'SCHEMA_WRITE',
  'SCHEMA_MANAGE',
  'SCHEMAOBJ_CREATE',
  'SCHEMAOBJ_DELETE',
  'CATALOG_READ',
  'CATALOG_INSERT',
  'CATALOG_UPDATE',
  'CATALOG_DELETE',
  'CATALOG_WRITE',
  'CATALOG_MANAGE',
  'VIEW_EXEC',
  'VIEW_OWNER',
  'SCRIPT_EXEC',
  'TEST_EXEC',
  'CREATE_SHARED_VARS',
  'QUERY_RESULT_MEM_LIMIT',
  'TASK_GROUP_MEM_LIMIT',
  'MAX_PARTITION_NUM_PER_QUERY',
])

export const HINTS: Readonly<Record<string, number>> = {
  HINT_LOCAL: 1,
  HINT_HASH: 32,
  HINT_SNAPSHOT: 64,
  HINT_KEEPORDER: 128,
  HINT_SEQ: 512,
  HINT_NOMERGE: 1024,
  HINT_PRELOAD: 4096,
  HINT_EXPLAIN: 32768,
  HINT_SORT: 524288,
  HINT_VECTORIZED: 4194304,
}

export const HOF_SUFFIX = /^[EULRPOATCGXHV][DCUK]?$/

/** Options behind the `with` of EXPORT. */
export const EXPORT_OPTIONS: readonly string[] = [
  'column_name',
  'meta_only',
  'data_only',
  'delimiter',
  'chunk_rows',
  'enclosed',
  'escaped',
  'nullas',
]

export const SQL_STARTERS: ReadonlySet<string> = new Set([
  'select',
  'exec',
  'update',
  'delete',
  'insert',
  'create',
  'alter',
  'drop',
  'with',
  'SELECT',
  'EXEC',
  'UPDATE',
  'DELETE',
  'INSERT',
  'CREATE',
  'ALTER',
  'DROP',
  'WITH',
])
