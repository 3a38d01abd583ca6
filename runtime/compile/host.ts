/** What compiled code and the compiler need of the interpreter, beyond what a builtin may use. */
import type { MaprStatement, SqlStatement } from '../../lang/ast.ts'
import type { Session } from '../session.ts'
import type { BuiltinFunction, Value } from '../values/index.ts'
import type { Cell, FunctionCell } from './cells.ts'
import type { ScriptClass } from './classes.ts'
import type { SqlScope } from './scope.ts'
import type { TransactionHolder } from './transactions.ts'

export interface Host extends Session, TransactionHolder {
  /** Classes of the session by name. */
  readonly classes: Map<string, ScriptClass>
  /** The cell of a session variable, made on demand. */
  cell(name: string): Cell
  /** The cell of a script function, made on demand. A module path qualifies the name. */
  functionCell(name: string): FunctionCell
  /** What a name means in call position: own module, imported modules, builtin, session function. */
  lookupFunction(name: string, module: string): BuiltinFunction | FunctionCell | undefined
  /** The same past all modules, for `::name`: builtin, else session function. */
  rootFunction(name: string): BuiltinFunction | FunctionCell | undefined
  /** Value of a name that is no local and no session variable: a shared object, else a function, else the error. */
  looseName(name: string, module: string): Value
  /** Makes the functions of a module file visible to the session. */
  loadModule(path: string): void
  /** Runs a script file of `#include` in place. */
  includeFile(path: string): void
  /** Assertions that failed since the session began. */
  readonly failedAssertions: number
  /** Runs something whose output goes elsewhere. */
  printingTo(print: (text: string) => void, run: () => void): void
  /** Prints the failure and counts it. */
  assertionFailed(message: string): void
  /** Stores how an aggregate is computed piece by piece. */
  defineMapr(node: MaprStatement): void
  runSql(node: SqlStatement, scope: SqlScope): Value
}
