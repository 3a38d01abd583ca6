/** Which data segments a logged command names: the archive needs them beside the log. */
import { unreachable } from '../../runtime/errors.ts'
import type { SegmentRef } from '../catalog/types.ts'
import type { CatalogCommand } from '../engine/apply.ts'

export function segmentsOf(command: CatalogCommand): readonly SegmentRef[] {
  switch (command.kind) {
    case 'append':
      return command.chunks.flatMap((c) => c.segments)
    case 'rewrite':
      return [...command.chunks.flatMap((c) => c.add), ...command.append.flatMap((c) => c.segments)]
    case 'alterTable':
      return (command.chunks ?? []).flatMap((c) => c.add)
    case 'flush':
      return command.chunks.flatMap((c) => c.add)
    case 'compact':
      return command.add
    case 'replaceChunks':
      return command.put.flatMap((c) => c.segments)
    // Rows of small appends stand in the log themselves.
    case 'insertRows':
    case 'dropChunks':
    case 'createDatabase':
    case 'dropDatabase':
    case 'createTable':
    case 'dropTable':
    case 'renameTable':
    case 'extendSchemes':
    case 'setAtomic':
    case 'dropValues':
    case 'createUser':
    case 'changeUser':
    case 'removeUser':
    case 'createGroup':
    case 'removeGroup':
    case 'changeMembers':
    case 'changeAccess':
    case 'restoreAccess':
    case 'putSetting':
    case 'removeSetting':
    case 'putObject':
    case 'removeObject':
    case 'putRun':
      return []
    default:
      return unreachable(command)
  }
}
