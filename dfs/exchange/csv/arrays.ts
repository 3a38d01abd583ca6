/** Rows of array columns: `[1,NULL,3]`. Where the text of an element may hold a comma (texts, COMPLEX and POINT) they are JSON: `["a",null]`. */
import { isLiteral, isNullRaw, nullRaw, type Raw, T, type TypeId, type Vector } from '../../../runtime/values/index.ts'
import { parseValue, valueText } from './values.ts'

const NULL_TEXT = 'NULL'
const isQuoted = (type: TypeId): boolean => isLiteral(type) || type === T.POINT || type === T.COMPLEX

/** Elements [from, to) of the flat vector of an array column. */
export function arrayText(flat: Vector, from: number, to: number): string {
  const scale = 'scale' in flat ? flat.scale : 0
  const quoted = isQuoted(flat.type)
  let text = '['
  for (let k = from; k < to; k++) {
    if (k > from) text += ','
    if (flat.isNullAt(k)) text += quoted ? 'null' : NULL_TEXT
    else {
      const element = valueText(flat.type, flat.raw(k), scale)
      text += quoted ? JSON.stringify(element) : element
    }
  }
  return `${text}]`
}

/** The elements; undefined if the text is no array of the type. */
export function arrayElements(text: string, type: TypeId, scale: number): Raw[] | undefined {
  const body = text.trim()
  if (!body.startsWith('[') || !body.endsWith(']')) return undefined
  const texts = isQuoted(type) ? jsonTexts(body) : plainTexts(body.slice(1, -1))
  if (texts === undefined) return undefined
  const raws: Raw[] = []
  for (const element of texts) {
    const raw = element === null ? nullRaw(type) : parseValue(element, type, scale)
    if (raw === undefined) {
      // The empty text is a null text.
      if (isLiteral(type) && isNullRaw(type, element)) raws.push(nullRaw(type))
      else return undefined
    } else raws.push(raw)
  }
  return raws
}

function plainTexts(body: string): (string | null)[] {
  if (body.trim() === '') return []
  return body.split(',').map((part) => {
    const element = part.trim()
    return element === '' || element.toUpperCase() === NULL_TEXT ? null : element
  })
}

function jsonTexts(body: string): (string | null)[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    // Not what this writes, so no array.
    return undefined
  }
  if (!Array.isArray(parsed)) return undefined
  return parsed.every((e) => e === null || typeof e === 'string') ? (parsed as (string | null)[]) : undefined
}
