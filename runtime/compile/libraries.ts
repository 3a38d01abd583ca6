/** `module`, `use` and `#include` while a script runs. */
import type { IncludeStatement, ModuleStatement, UseStatement } from '../../lang/ast.ts'
import { inputError } from '../errors.ts'
import { sqlCatalogService } from '../session.ts'
import type { Host } from './host.ts'

export function library(session: Host, node: ModuleStatement | UseStatement | IncludeStatement): void {
  switch (node.kind) {
    case 'module':
      throw inputError('A module is loaded with use; its file does not run by itself.', { code: 'module' })
    case 'use':
      if (node.catalog) {
        if (!session.hasService(sqlCatalogService))
          throw inputError("The catalog doesn't exist.", { code: 'catalogMissing', hint: 'this session has no store' })
        session.service(sqlCatalogService).use(node.path.join('::'))
        return
      }
      session.loadModule(node.path.join('::'))
      return
    case 'include':
      session.includeFile(node.path)
  }
}
