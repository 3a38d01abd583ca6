/** The beginning of a path of names (`catalog.schema`) that leads to a value: what a Resource holds until the last name is known. */
import { Resource } from './forms.ts'
import type { Value } from './scalar.ts'
import { T } from './types.ts'

export class NamePath {
  readonly text: string
  /** The value of the path with one more name; a name that leads nowhere is an error. */
  readonly member: (name: string) => Value

  constructor(text: string, member: (name: string) => Value) {
    this.text = text
    this.member = member
  }
}

export const namePath = (text: string, member: (name: string) => Value): Resource =>
  new Resource(T.RESOURCE, 'Catalog', `Catalog[${text}]`, new NamePath(text, member))
