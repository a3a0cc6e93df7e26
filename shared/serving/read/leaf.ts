import type { ColumnType } from "../../definition/table-spec.ts"
import { StorageError } from "../../storage/errors.ts"
import { bytesOf, fieldOf, integerOf, structOf, type ThriftStruct } from "./thrift.ts"

const ELEMENT = {
  type: 1,
  typeLength: 2,
  repetition: 3,
  name: 4,
  children: 5,
  converted: 6,
  logical: 10,
} as const
const REPETITION = { optional: 1, repeated: 2 } as const
const CONVERTED = { utf8: 0, json: 19 } as const
const LOGICAL = { string: 1, timestamp: 8, json: 12 } as const

/** Parquet's physical types, by their numbers. */
export const PHYSICAL = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, bytes: 6, fixed: 7 } as const

/** A column as it stands in a file: every column of a table is one, lists too. */
export interface Leaf {
  readonly column: string
  readonly type: ColumnType
  readonly physical: number
  /** Bytes of a value of fixed length. */
  readonly typeLength: number
  /** The definition level of a value that is there. */
  readonly definitionMax: number
  /** Of a list: the definition level from which on there is an item; 0 for any other column. */
  readonly itemLevel: number
  /** The schema's elements from the column down to the leaf: `first` up to, not including, `end`. */
  readonly first: number
  readonly end: number
}

/** The columns of a file. Throws `StorageError` (`corrupt`) for what no segment holds: structures, maps. */
export function leavesOf(elements: readonly ThriftStruct[]): readonly Leaf[] {
  const leaves: Leaf[] = []
  for (let at = 1; at < elements.length; ) {
    const first = at
    let definitionMax = 0
    let itemLevel = 0
    for (;;) {
      const element = elements[at++]
      if (element === undefined) throw new StorageError("corrupt", "a schema that ends within a column")
      const repetition = integerOf(element, ELEMENT.repetition)
      if (repetition === REPETITION.optional || repetition === REPETITION.repeated) definitionMax++
      if (repetition === REPETITION.repeated) itemLevel = definitionMax
      const children = integerOf(element, ELEMENT.children)
      if (children === 0) {
        leaves.push(leafOf(nameOf(elements[first]!), element, { definitionMax, itemLevel, first, end: at }))
        break
      }
      if (children > 1) throw new StorageError("corrupt", `column ${nameOf(elements[first]!)} is a structure`)
    }
  }
  return leaves
}

const nameOf = (element: ThriftStruct) => Buffer.from(bytesOf(element, ELEMENT.name) ?? []).toString()

type Levels = Pick<Leaf, "definitionMax" | "itemLevel" | "first" | "end">

function leafOf(column: string, element: ThriftStruct, levels: Levels): Leaf {
  const physical = integerOf(element, ELEMENT.type)
  const typeLength = integerOf(element, ELEMENT.typeLength)
  return { column, type: typeOf(element, physical, column), physical, typeLength, ...levels }
}

function typeOf(element: ThriftStruct, physical: number, column: string): ColumnType {
  const converted = fieldOf(element, ELEMENT.converted)
  const logical = structOf(element, ELEMENT.logical) ?? []
  const isLogical = (id: number) => fieldOf(logical, id) !== undefined
  switch (physical) {
    case PHYSICAL.boolean:
      return "boolean"
    case PHYSICAL.int32:
      return "int"
    case PHYSICAL.int64:
      return isLogical(LOGICAL.timestamp) ? "timestamp" : "long"
    case PHYSICAL.float:
      return "float"
    case PHYSICAL.double:
      return "double"
    case PHYSICAL.fixed:
      return "decimal"
    case PHYSICAL.bytes:
      if (isLogical(LOGICAL.json) || converted === CONVERTED.json) return "json"
      return isLogical(LOGICAL.string) || converted === CONVERTED.utf8 ? "string" : "bytes"
    default:
      throw new StorageError(
        "corrupt",
        `column ${column} has a physical type that no segment has: ${physical}`,
      )
  }
}
