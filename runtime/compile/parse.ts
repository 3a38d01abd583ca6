import type { Statement } from '../../lang/ast.ts'
import type { SourceText } from '../../lang/source.ts'
export interface ParserNames {
  isFunction(name: string): boolean
  isVariable(name: string): boolean
}
export function* parseUnits(_source: SourceText, _names: ParserNames): Iterable<readonly Statement[]> {
  yield []
}
export function parseExpression(
  _source: SourceText,
  _names: unknown,
  _captured: ReadonlyMap<string, unknown>,
): import('../../lang/ast.ts').Expr {
  throw new Error('no parser')
}
