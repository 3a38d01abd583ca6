/** `module`, `use` and `#include` while a script runs. */
import type { IncludeStatement, ModuleStatement, UseStatement } from '../../lang/ast.ts'
import { inputError } from '../errors.ts'
import type { Host } from './host.ts'

export function library(session: Host, node: ModuleStatement | UseStatement | IncludeStatement): void {
  switch (node.kind) {
    case 'module':
      throw inputError('A module is loaded with use; its file does not run by itself.', { code: 'module' })
    case 'use':
      if (node.catalog)
        throw inputError('Catalogs (use catalog) are not available in this release.', { code: 'notExecutable' })
      session.loadModule(node.path.join('::'))
      return
    case 'include':
      session.includeFile(node.path)
  }
}
