/** The backup tutorial's calls as scripts write them: named arguments, skipped arguments, single and several partitions. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import { contextOf, shop, URL } from '../set/fixture.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { backupBuiltins } from './backup.ts'
import { backupCheckBuiltins } from './backup-check.ts'
import { backupHostService } from './backup-host.ts'
import { backupInspectBuiltins } from './backup-inspect.ts'
import { restoreBuiltins } from './restore.ts'

let session: Interpreter

beforeEach(() => {
  const engine = shop(new MemoryFileStore(), ['quotes', 'quotes_2'])
  const sets = new Map<string, MemoryFileStore>()
  session = createInterpreter({
    registry: createRegistry(backupBuiltins, restoreBuiltins, backupCheckBuiltins, backupInspectBuiltins),
  })
  session.user = 'admin'
  let calls = 0
  session.provide(backupHostService, {
    home: '/home/holdfast',
    context: () => contextOf(engine, 1_700_000_000_000 + 1000 * calls++),
    openSet: (folder) => sets.get(folder) ?? sets.set(folder, new MemoryFileStore()).get(folder)!,
    runs: () => engine.runs(),
    isAdministrator: () => true,
  })
  session.run(`dbPath="${URL}"; backupDir="/backup"; tbName=\`quotes_2`)
})

const show = (script: string): string => session.display(session.run(script))

describe('the calls of the backup tutorial', () => {
  it('back up', () => {
    expect(show('backupDB(backupDir,dbPath)')).toBe('20')
    expect(show('backupTable("/tb",dbPath,tbName)')).toBe('10')
    expect(show('pars=["/20220101/0_50","/20220102/0_50"]; backup("/par",dbPath,false,true,true,tbName,pars)')).toBe(
      '2',
    )
    expect(
      show(
        'backup(backupDir=backupDir,dbPath=dbPath,force=true,parallel=true,snapshot=true,tableName=`quotes_2,partition="/20220103/0_50")',
      ),
    ).toBe('1')
    expect(show('backup("/cond",dbPath,true,,,tbName,[,[0]])')).toBe('5')
    expect(show('backup("/cond",dbPath,true,,,tbName,[2022.01.02,50])')).toBe('1')
    expect(show('backup("/cond",dbPath,true,,,tbName,[2022.01.02,[0,50]])')).toBe('2')
    expect(show('f = backup{backupDir,dbPath,false,true}; f()')).toBe('0')
  })
  it('look at a backup', () => {
    session.run('backupDB(backupDir,dbPath)')
    expect(show('exec count(*) from getBackupStatus() where completed=1')).toBe('2')
    expect(show('size(getBackupList(backupDir,dbPath,`quotes_2))')).toBe('10')
    expect(show('size(checkBackup(backupDir,dbPath))')).toBe('0')
    expect(show('size(checkBackup(backupDir,dbPath,`quotes_2))')).toBe('0')
    expect(show('size(checkBackup(backupDir,dbPath,`quotes`quotes_2,"%20220101%"))')).toBe('0')
    expect(show('getBackupMeta(backupDir,dbPath,"/20220101/0_50",`quotes)["dfsPath"]')).toBe(`${URL}/20220101/0_50/6F`)
    expect(
      show(
        'list=getBackupList(backupDir,dbPath,`quotes).chunkPath; substr(list[0],regexFind(list[0],"/20220101/0_50"))',
      ),
    ).toBe('/20220101/0_50/6F')
  })
  it('restore', () => {
    session.run('backupDB(backupDir,dbPath)')
    expect(show('exec tableName from restoreDB(backupDir,dbPath)')).toBe('["quotes","quotes_2"]')
    expect(show('exec dbName from restoreDB(backupDir,dbPath,"dfs://restoredb")')).toBe(
      '["dfs://restoredb","dfs://restoredb"]',
    )
    expect(show('exec tableName from restoreTable(backupDir,dbPath,tbName,"dfs://restoredb2")')).toBe('["quotes_2"]')
    expect(show('exec tableName from restoreTable(backupDir,dbPath,tbName,,"quotes_restore")')).toBe(
      '["quotes_restore"]',
    )
    expect(show('size(restore(backupDir,dbPath,tbName,"/shop/20220101/0_50",false,,true,true))')).toBe('0')
    expect(show('size(restore(backupDir,dbPath,tbName,"%",true))')).toBe('10')
    expect(show('exec sum(success) from migrate(backupDir)')).toBe('0')
  })
})
