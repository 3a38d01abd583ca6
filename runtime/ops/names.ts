/** The binary and unary operators, by the names of their functions. */
export const ARITHMETIC_OPS = ['add', 'sub', 'mul', 'div', 'ratio', 'mod', 'pow', 'max', 'min'] as const
export const COMPARE_OPS = ['lt', 'le', 'gt', 'ge', 'eq', 'ne'] as const
/** `or` is the operator `||` (a null operand gives null); `orIgnoreNull` is the function `or`. */
export const LOGIC_OPS = ['and', 'or', 'xor', 'orIgnoreNull'] as const
export const BIT_OPS = ['bitAnd', 'bitOr', 'bitXor', 'lshift', 'rshift'] as const
export const STRUCTURE_OPS = ['dot', 'join'] as const

export type ArithmeticOp = (typeof ARITHMETIC_OPS)[number]
export type CompareOp = (typeof COMPARE_OPS)[number]
export type LogicOp = (typeof LOGIC_OPS)[number]
export type BitOp = (typeof BIT_OPS)[number]
export type ElementOp = ArithmeticOp | CompareOp | LogicOp | BitOp
export type BinaryOpName = ElementOp | (typeof STRUCTURE_OPS)[number]
export type UnaryOpName = 'neg' | 'not' | 'bitNot'

const compareOps: ReadonlySet<string> = new Set(COMPARE_OPS)
const logicOps: ReadonlySet<string> = new Set(LOGIC_OPS)
const bitOps: ReadonlySet<string> = new Set(BIT_OPS)
export const isCompareOp = (op: string): op is CompareOp => compareOps.has(op)
export const isLogicOp = (op: string): op is LogicOp => logicOps.has(op)
export const isBitOp = (op: string): op is BitOp => bitOps.has(op)
