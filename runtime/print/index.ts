/** Printing: texts of scalars, elements and whole values. */
export {
  DEFAULT_ROWS,
  DEFAULT_WIDTH,
  type DisplayOptions,
  displayValue,
  plainText,
  setCodePrinter,
  setLambdaPrinter,
} from './display.ts'
export { decimalText, doubleText, floatText } from './numbers.ts'
export {
  elementText,
  literalText,
  nullLiteral,
  rawElementText,
  rawText,
  scalarText,
  type TextStyle,
} from './scalars.ts'
