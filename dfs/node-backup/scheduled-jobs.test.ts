import { describe, expect, it } from 'vitest'
import { MemoryFileStore } from '../store/memory-store.ts'
import { packScheduledJobs, unpackScheduledJobs, writeScheduledJobs } from './scheduled-jobs.ts'

describe('scheduled jobs in a backup of the node', () => {
  it('come back as they were, and are nothing where there are none', () => {
    const data = new MemoryFileStore()
    expect(packScheduledJobs(data)).toBeUndefined()
    data.writeFileAtomic('sysmgmt/other.txt', 'x')
    expect(packScheduledJobs(data)).toBeUndefined()
    data.writeFileAtomic('sysmgmt/a.job', '{"ä":1}\n')
    data.writeFileAtomic('sysmgmt/b%2F.job', '')
    const target = new MemoryFileStore()
    writeScheduledJobs(target, unpackScheduledJobs(packScheduledJobs(data)!, 'f'))
    expect([...target.files().keys()]).toEqual(['sysmgmt/a.job', 'sysmgmt/b%2F.job'])
    expect(target.readFile('sysmgmt/a.job')).toEqual(data.readFile('sysmgmt/a.job'))
  })

  it.each([
    ['no JSON', '{'],
    ['no list', '{"jobs":{}}'],
    ['no object', 'null'],
    ['a name that leaves the folder', '{"jobs":[{"file":"../x.job","content":""}]}'],
    ['a name with a folder', '{"jobs":[{"file":"a/x.job","content":""}]}'],
    ['another file', '{"jobs":[{"file":"catalog.mdb","content":""}]}'],
    ['no content', '{"jobs":[{"file":"x.job"}]}'],
  ])('are refused when they have %s', (_, text) => {
    expect(() => unpackScheduledJobs(Buffer.from(text), 'states/x/scheduled-jobs.json')).toThrow(
      /scheduled-jobs\.json is damaged/,
    )
  })
})
