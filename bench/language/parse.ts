/** Parsing a long script in a process that has parsed nothing before, beside CPython's parser on as many lines of the same kind. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contest, type Peer, showTime } from '../contest.ts'
import { type Row, root, run, scratch, sizeOf } from '../measure.ts'
import { secondsOf } from '../peers.ts'
import { noPython, python, runPython, versionOf } from './python.ts'

/** What scripts are made of: definitions, loops, conditions, calls, queries. */
const PIECE = (k: number): string => `def spread${k}(bid, ask, limit=0.5){
	// The distance between two prices, at most limit.
	width = ask - bid
	if(width < 0 || isNull(width)){
		return 0.0
	}
	total = 0
	for(i in 0:10){
		total += width * i + ${k}
		if(total > limit * 100) break
	}
	return min(total, limit)
}
prices${k} = [${k}.25, 10.5, 11.75, 12.0, NULL]
names${k} = \`A\`B\`C\`D\`E
quotes${k} = table(names${k} as sym, prices${k} as price, take(2024.01.01..2024.01.03, 5) as day)
best${k} = select top 3 sym, max(price) as high, avg(price) as mean from quotes${k} where price > ${k}, sym in ["A", "B"] group by sym order by sym desc
update quotes${k} set price = price * 1.1 where sym == \`A
x${k} = each(def(x): x * 2 + ${k}, prices${k}).sum()
if(x${k} >= 100 && !isNull(x${k})) print("x is " + string(x${k}))
`
const LINES_OF_PIECE = PIECE(0).split('\n').length - 1

export async function benchParse(): Promise<readonly Row[]> {
  const lines = sizeOf('HOLDFAST_BENCH_SCRIPT_LINES', 10_000)
  const file = join(scratch('parse'), 'long.dos')
  const text = Array.from({ length: Math.ceil(lines / LINES_OF_PIECE) }, (_, k) => PIECE(k)).join('')
  writeFileSync(
    file,
    `${text
      .split('\n')
      .slice(0, lines - (lines % LINES_OF_PIECE))
      .join('\n')}\n`,
  )
  const what = `parsing ${lines.toLocaleString('en')} lines of script`
  const peer: Peer = {
    name: noPython === undefined ? `CPython ${versionOf(python, 'sys.version.split()[0]')}, as many lines` : 'CPython',
    missing: noPython,
    run: async () => {
      const { seconds, residentMb } = await runPython(python, 'parse.py', [lines])
      return { seconds: { [what]: seconds.parse }, residentMb }
    },
  }
  const ours = async () => {
    const { stdout, residentMb } = await run(process.execPath, [join(root, 'bench/language/parse-once.ts'), file])
    return { seconds: { [what]: secondsOf(stdout).parse }, residentMb }
  }
  return contest(sizeOf('HOLDFAST_BENCH_ROUNDS', 3), ours, [peer], showTime)
}
