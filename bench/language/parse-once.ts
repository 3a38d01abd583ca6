/** parse-once.ts FILE: parses a script once and prints its milliseconds. */
import { readFileSync } from 'node:fs'
import { ScriptParser, SourceText } from '../../lang/index.ts'
import { createInterpreter } from '../../runtime/index.ts'

const { registry } = createInterpreter()
const text = readFileSync(process.argv[2], 'utf8')
const started = performance.now()
const parser = new ScriptParser(new SourceText(text), {
  isFunction: (name) => registry.get(name) !== undefined,
  isVariable: () => false,
})
const { errors } = parser.allUnits()
const parse = performance.now() - started
if (errors.length > 0) throw errors[0]
console.log(JSON.stringify({ parse }))
