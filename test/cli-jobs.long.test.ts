/** Background jobs in a whole process: results, messages, failures, memory, cancelling, restart. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, scratch, script } from './harness.ts'

const folder = scratch('jobs')

describe('a background job', () => {
  it('answers its result, says what it printed, and names itself', async () => {
    const out = await script(
      `
def helper(x){ return x * 2 }
def work(a, b = 10){ print("first " + string(a)); print([1,2]); return helper(a) + b }
id = submitJob("work", "some work", work, 16)
print(id)
print(getJobReturn(id, true))
print(getJobMessage(id))
again = submitJob("work", "", work, 1, 2)
print(getJobReturn(again, true))
t = getRecentJobs()
print(exec jobDesc from t)
print(exec errorMsg from t where isNull(endTime) or errorMsg != "")
print(exec count(*) from getJobStatus(id) where endTime >= startTime and startTime >= receivedTime)
`,
      { data: join(folder, 'a') },
    )
    const lines = out.split('\n')
    expect(lines.slice(0, 2)).toEqual(['work', '42'])
    const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} /
    const messages = lines.slice(2, 6)
    for (const line of messages) expect(line).toMatch(time)
    expect(messages.map((line) => line.replace(time, ''))).toEqual([
      'Start the job [work]: some work',
      'first 16',
      '[1,2]',
      'The job is done.',
    ])
    expect(lines.slice(6).filter((line) => line !== '')).toEqual(['4', '["some work","work"]', '[]', '1'])
  })

  it('takes builtins, lambdas, partial applications, skipped arguments and every form of value', async () => {
    const out = await script(
      `
def f(a, b, c = 7){ return a + b * 10 + c * 100 }
ids = array(STRING, 0)
ids.append!(submitJob("builtin", "", sum, 1..10))
ids.append!(submitJob("lambda", "", def(x){ return x + 1 }, 4))
ids.append!(submitJob("partial", "", f{, 2}, 1))
ids.append!(submitJob("skipped", "", f, 1, 2, ))
ids.append!(submitJob("table", "", def(t){ return exec sum(v) from t where s = "b" }, table(take(\`a\`b\`c, 30000) as s, 1..30000 as v)))
ids.append!(submitJob("strings", "", def(v, d){ return v[d["k"]] }, string(0..9999), dict(["k"], [1234])))
for(id in ids) print(getJobReturn(id, true))
r = getJobReturn(submitJob("result", "", def(){ return table(1..3 as x, \`p\`q\`r as y) }), true)
print(r.y[2])
`,
      { data: join(folder, 'b') },
    )
    const sum = Array.from({ length: 30000 }, (_, k) => (k % 3 === 1 ? k + 1 : 0)).reduce((a, b) => a + b)
    expect(out.split('\n')).toEqual(['55', '5', '721', '721', `${sum}`, '1234', 'r'])
  })

  it('that fails keeps its error and harms nothing else', async () => {
    const out = await script(
      `
def bad(){ print("about to"); throw "it broke" }
id = submitJob("bad", "", bad)
try{ getJobReturn(id, true) } catch(ex){ print(ex[1]) }
print(getJobMessage(id))
print(exec errorMsg from getJobStatus(id))
huge = submitJob("huge", "", def(){ x = take(1.0, 100000000); return x.size() })
try{ getJobReturn(huge, true) } catch(ex){ print(ex[1].left(13)) }
print(getJobReturn(submitJob("fine", "", def(){ return 7 }), true))
try{ getJobReturn("nope") } catch(ex){ print(ex[1]) }
try{ getJobMessage("nope") } catch(ex){ print(ex[1].right(13)) }
`,
      { data: join(folder, 'c'), env: { HOLDFAST_MEMORY_LIMIT: '128M' } },
    )
    const lines = out.split('\n').map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} /, ''))
    expect(lines.filter((line) => line !== '')).toEqual([
      'it broke',
      'Start the job [bad]: bad',
      'about to',
      'it broke',
      '["it broke"]',
      'Out of memory',
      '7',
      "The job [nope] doesn't exist.",
      'RefId: S00011',
    ])
  })

  it.each([
    ['a dictionary', 'd = dict(INT, ANY); i = 0; while(true){ d[i] = (i, (i, i)); i += 1 }'],
    ['texts', 'd = array(STRING, 0); while(true) d.append!(string(0..99999))'],
    ['a tuple', 'd = (1, `a); while(true) d.append!((1:2, [1, 2]))'],
    ['strings that grow', 'd = array(STRING, 0); while(true) d.append!(upper(repeat(`abc, 10000) + string(size(d))))'],
  ])('that fills the heap of its thread with %s fails with an error that a script can catch', async (_what, eat) => {
    const out = await script(
      `
def eat(){
  try{ ${eat.replaceAll('; ', '\n')} } catch(ex){ print(ex[1]) }
  return 3
}
id = submitJob("eat", "", eat)
print(getJobReturn(id, true))
print(getJobMessage(id).regexFind("Out of memory: the texts") > 0)
print(getJobReturn(submitJob("fine", "", def(){ return 7 }), true))
`,
      { data: join(folder, 'd'), env: { HOLDFAST_MEMORY_LIMIT: '64M' } },
    )
    expect(out.split('\n')).toEqual(['3', 'true', '7'])
  })

  it('can be cancelled, queued or running', async () => {
    const out = await script(
      `
def forever(){ print("running"); while(true){ x = 1 } }
a = submitJob("a", "", forever)
b = submitJob("b", "", forever)
try{ getJobReturn(a) } catch(ex){ print(ex[1]) }
while(exec count(*) from getRecentJobs() where startTime != NULL) < 1) sleep(10)
cancelJob([b, a])
for(id in [a, b]){
  try{ getJobReturn(id, true) } catch(ex){ print(id + " " + ex[1]) }
}
print(exec count(*) from getRecentJobs() where endTime = NULL)
`.replace('while(exec', 'while((exec'),
      { data: join(folder, 'e'), env: { HOLDFAST_WORKERS: '1' } },
    )
    expect(out.split('\n')).toEqual([
      'The job [a] is not complete yet.',
      'a The job has been cancelled.',
      'b The job has been cancelled.',
      '0',
    ])
  })

  it('that does not hear the cancelling loses its thread, and no other job does', async () => {
    const out = await script(
      `
def deaf(){ return regexFind("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a+)+$") }
id = submitJob("deaf", "", deaf)
while((exec count(*) from getRecentJobs() where startTime != NULL) < 1) sleep(10)
sleep(300)
cancelJob(id)
try{ getJobReturn(id, true) } catch(ex){ print(ex[1]) }
print(getJobReturn(submitJob("next", "", sum, 1..4), true))
`,
      { data: join(folder, 'm'), env: { HOLDFAST_WORKERS: '1' } },
    )
    expect(out.split('\n')).toEqual(['The job has been cancelled.', '10'])
  })

  it('may wait for other jobs even if there is one worker', async () => {
    const out = await script(
      `
def inner(){ return 5 }
def outer(){ return getJobReturn(submitJob("inner", "", inner), true) + 1 }
print(getJobReturn(submitJob("outer", "", outer), true))
`,
      { data: join(folder, 'f'), env: { HOLDFAST_WORKERS: '1' } },
    )
    expect(out).toBe('6')
  })

  it('sees shared tables, databases and stored tables', async () => {
    const out = await script(
      `
login("admin", "123456")
share table(1..3 as x) as board
db = database("dfs://handed", VALUE, 1..3)
pt = db.createPartitionedTable(table(1..3 as k, 1.5 2.5 3.5 as v), "pt", "k").append!(table(1..3 as k, 1.5 2.5 3.5 as v))
print(getJobReturn(submitJob("shared", "", def(){ return exec sum(x) from board }), true))
print(getJobReturn(submitJob("source", "", def(t){ return exec sum(v) from t }, pt), true))
print(getJobReturn(submitJob("handle", "", def(d){ return exec max(v) from loadTable(d, "pt") }, db), true))
getJobReturn(submitJob("writes", "", def(t){ loadTable("dfs://handed", "pt").append!(t) }, table(1..3 as k, 10.0 10.0 10.0 as v)), true)
print(exec sum(v) from loadTable("dfs://handed", "pt"))
`,
      { data: join(folder, 'k') },
    )
    expect(out.split('\n')).toEqual(['6', '7.5', '3.5', '37.5'])
  })

  it('has a priority, a callback at its end, and caps set by the administrator', async () => {
    const out = await script(
      `
login("admin", "123456")
setMaxJobPriority("admin", 3)
def done(id, desc, success, result){ print(id + " " + string(success) + " " + string(result)) }
a = submitJobEx2("good", "", 8, 4, done, def(x){ return x * 2 }, 21)
b = submitJobEx2("bad", "", 8, 4, done, def(){ throw "no" })
getJobReturn(a, true)
try{ getJobReturn(b, true) } catch(ex){}
print(exec priority from getRecentJobs())
print(getJobMessage(a).split("\n")[1].split(" ").tail(3).concat(" "))
print(getJobMessage(b).split("\n")[1].split(" ").tail(3).concat(" "))
print(getJobStat()["runningJobs"])
try{ setMaxJobPriority("admin", 9) } catch(ex){ print(ex[1].right(13)) }
print(exec jobType from getConsoleJobs())
logout()
try{ cancelJob(a) } catch(ex){ print(ex[1].right(13)) }
`,
      { data: join(folder, 'l') },
    )
    expect(out.split('\n')).toEqual([
      '[3,3]',
      'good true 42',
      'bad false no',
      '0',
      'RefId: S04008',
      '["script"]',
      'RefId: S00009',
    ])
  })

  it('needs a function that exists, at once', async () => {
    const { code, stderr } = await holdfast(['-e', 'submitJob("x", "", nosuchfunction, 1)'], {
      data: join(folder, 'g'),
    })
    expect(code).toBe(1)
    expect(stderr).toContain('nosuchfunction')
  })
})

describe('the end of the process', () => {
  const slow = 'def slow(){ sleep(400); print("finished"); return 1 }\nsubmitJob("slow", "a slow one", slow)'

  it('waits for running jobs', async () => {
    const data = join(folder, 'h')
    const { code, stderr } = await holdfast(['-e', slow], { data })
    expect(code).toBe(0)
    expect(stderr).toContain('waiting for 1 background job')
    expect(readFileSync(join(data, 'batchJobs/slow.msg'), 'utf8')).toMatch(/finished\n.*The job is done\.\n$/)
    const list = await holdfast(['jobs'], { data })
    expect(list.stdout).toMatch(/^jobId .*\nslow +guest +done .*a slow one\n$/)
    // Results and messages are there for the next process, and the id is taken.
    const next = await script(
      'print(getJobReturn("slow"))\nprint(getRecentJobs().size())\nprint(submitJob("slow", "", sum, 1..3) != "slow")',
      { data },
    )
    expect(next.split('\n')).toEqual(['1', '0', 'true'])
  })

  it('cancels them with --no-wait', async () => {
    const data = join(folder, 'i')
    await holdfast(['--no-wait', '-e', 'submitJob("long", "", def(){ sleep(60000) })'], { data })
    expect((await holdfast(['--data', data, 'jobs'])).stdout).toMatch(/long +guest +cancelled/)
  })

  it('by a kill leaves jobs that the next process finds failed', async () => {
    const data = join(folder, 'j')
    await holdfast(
      [
        '-e',
        'submitJob("long", "", def(){ sleep(60000) })\nwhile((exec count(*) from getRecentJobs() where startTime != NULL) < 1) sleep(10)\nprint("up")\nsleep(60000)',
      ],
      {
        data,
        onStart: (child) => child.stdout?.once('data', () => child.kill('SIGKILL')),
      },
    )
    const out = await script('print(exec errorMsg from getJobStatus("long"))', { data })
    expect(out).toBe('["The job was interrupted by restart."]')
  })
})
