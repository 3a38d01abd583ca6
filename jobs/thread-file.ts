/** Entry file of a thread, in the form this file itself is in: TypeScript while developing, JavaScript in a package. */
export function threadFile(name: string): string {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href
}
