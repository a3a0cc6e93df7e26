import { at } from "./faults.ts"

export const CONSEQUENCE = "but a topic's records are what was sent: input and output must be the same"

/** The part of a zod 4 schema that is read here: its definition, which zod documents for library authors. */
interface ZodDefinition {
  readonly type?: string
  readonly coerce?: boolean
  readonly transform?: unknown
  readonly checks?: readonly { readonly _zod?: { readonly def?: { readonly check?: string } } }[]
  readonly shape?: Readonly<Record<string, unknown>>
  readonly options?: readonly unknown[]
  readonly items?: readonly unknown[]
  readonly getter?: () => unknown
  readonly [part: string]: unknown
}

const CHANGING: Readonly<Record<string, string>> = {
  default: "has a default",
  prefault: "has a default",
  catch: "replaces bad values",
  transform: "transforms",
  success: "transforms",
}

/** Parts of a definition that hold one schema each. */
const PARTS = ["innerType", "in", "out", "keyType", "valueType", "left", "right", "rest", "catchall"]

/**
 * Where a zod schema gives something else than it takes. Its JSON Schemas alone do not tell: a coercion and a `trim()`
 * look the same in both.
 */
export function zodDifferences(schema: unknown): readonly { path: string; message: string }[] {
  const found: { path: string; message: string }[] = []
  const seen = new Set<unknown>()
  const visit = (part: unknown, path: string): void => {
    const definition = definitionOf(part)
    if (definition === undefined || seen.has(part)) return
    seen.add(part)
    const what = changeOf(definition)
    if (what !== undefined) {
      found.push({ path, message: `${what}, ${CONSEQUENCE}` })
      return
    }
    for (const [name, field] of Object.entries(definition.shape ?? {})) visit(field, at(path, name))
    for (const option of definition.options ?? []) visit(option, path)
    for (const item of definition.items ?? []) visit(item, `${path}[]`)
    visit(definition.element, `${path}[]`)
    for (const name of PARTS) visit(definition[name], path)
    if (definition.type === "lazy") visit(definition.getter?.(), path)
  }
  visit(schema, "")
  return found
}

function changeOf(definition: ZodDefinition): string | undefined {
  if (definition.coerce === true) return "coerces"
  if (definition.checks?.some(check => check._zod?.def?.check === "overwrite")) return "rewrites text"
  // A codec is a pipe with functions of its own.
  if (definition.type === "pipe" && definition.transform !== undefined) return "transforms"
  const inner = definition.type === "pipe" ? [definition.in, definition.out] : []
  if (inner.some(part => definitionOf(part)?.type === "transform")) return "transforms"
  return CHANGING[definition.type ?? ""]
}

function definitionOf(part: unknown): ZodDefinition | undefined {
  return (part as { _zod?: { def?: ZodDefinition } } | undefined)?._zod?.def
}
