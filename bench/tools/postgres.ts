/**
 * pg_basebackup of PostgreSQL 15 and pg_verifybackup. Version 15 has no incremental backup: each is a full one. A plain one is restored by a copy; a compressed one is a
 * tar file, which pg_verifybackup of this version does not read.
 */
import { join } from 'node:path'
import type { ProcessFigures } from '../measure.ts'
import { client, cluster, missingPostgres, verifyBackup } from './postgres-cluster.ts'
import { clear, folder, synced, type Tool } from './tool.ts'

export function postgres(compress: boolean): Tool {
  const target = join(folder, compress ? 'postgres-zstd' : 'postgres-plain')
  const how = compress ? '-Ft --compress=client-zstd' : '-Fp'
  const backup = async (): Promise<ProcessFigures> => {
    await clear(target)
    return synced(client('pg_basebackup', `-D '${target}' --checkpoint=fast -X fetch ${how}`), target)
  }
  return {
    name: compress ? 'pg_basebackup, zstd' : 'pg_basebackup',
    names: { verify: 'pg_verifybackup', restore: compress ? 'tar -I zstd' : 'cp -r of the base backup' },
    kind: compress ? 'compressed' : 'plain',
    missing: missingPostgres(),
    source: cluster,
    target,
    full: backup,
    unchanged: backup,
    changed: backup,
    verify: compress ? undefined : () => verifyBackup(target),
    restore: (to) =>
      compress
        ? synced(`mkdir '${to}' && tar -I zstd -xf '${join(target, 'base.tar.zst')}' -C '${to}'`, to)
        : synced(`cp -r '${target}' '${to}'`, to),
    async compare(to) {
      // The manifest of a backup lies beside its tar file.
      await synced(`cp -n '${join(target, 'backup_manifest')}' '${to}'`, to)
      await verifyBackup(to)
    },
  }
}
