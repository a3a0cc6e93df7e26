import { toBoolean } from "./cast.ts"
import { orderOf } from "./comparison.ts"
import type { Compiled, JsonObject, SqlType, Value } from "./value.ts"

type Truth = (record: JsonObject) => boolean | null

/** SQL's three-valued truth of a condition. */
export function truthOf(condition: Compiled): Truth {
  const { evaluate } = condition
  return record => {
    const value = evaluate(record)
    return value === null ? null : toBoolean(value)
  }
}

const boolean = (evaluate: Truth): Compiled => ({ type: "boolean", evaluate })

export function and(left: Compiled, right: Compiled): Compiled {
  const a = truthOf(left)
  const b = truthOf(right)
  return boolean(record => {
    const x = a(record)
    if (x === false) return false
    const y = b(record)
    return y === false ? false : x === null || y === null ? null : true
  })
}

export function or(left: Compiled, right: Compiled): Compiled {
  const a = truthOf(left)
  const b = truthOf(right)
  return boolean(record => {
    const x = a(record)
    if (x === true) return true
    const y = b(record)
    return y === true ? true : x === null || y === null ? null : false
  })
}

export function not(operand: Compiled): Compiled {
  const truth = truthOf(operand)
  return boolean(record => {
    const value = truth(record)
    return value === null ? null : !value
  })
}

/** IS TRUE and its kin: never null. */
export function isTruth(operand: Compiled, wanted: boolean, negated: boolean): Compiled {
  const truth = truthOf(operand)
  return boolean(record => (truth(record) === wanted) !== negated)
}

export function isNull(operand: Compiled, negated: boolean): Compiled {
  const { evaluate } = operand
  return boolean(record => (evaluate(record) === null) !== negated)
}

/** `x IN (…)`: null when nothing equals and something is null. */
export function isIn(operand: Compiled, items: readonly Compiled[]): Compiled {
  const { evaluate } = operand
  const tests = items.map(item => ({ item: item.evaluate, order: orderOf(operand.type, item.type) }))
  return boolean(record => {
    const value = evaluate(record)
    if (value === null) return null
    let unknown = false
    for (const { item, order } of tests) {
      const other = item(record)
      if (other === null) unknown = true
      else if (order(value, other) === 0) return true
    }
    return unknown ? null : false
  })
}

/** The first branch whose condition is true, else `otherwise`. */
export function firstTrue(
  branches: readonly { readonly when: Compiled; readonly result: Compiled }[],
  otherwise: Compiled,
): Compiled {
  const compiled = branches.map(({ when, result }) => ({ truth: truthOf(when), value: result.evaluate }))
  const rest = otherwise.evaluate
  const evaluate = (record: JsonObject): Value => {
    for (const { truth, value } of compiled) if (truth(record) === true) return value(record)
    return rest(record)
  }
  return { type: "any", evaluate }
}

/** One static type for values that stand for each other, or undefined when they have none in common. */
export function commonType(types: readonly SqlType[]): SqlType | undefined {
  const known = [...new Set(types)].filter(type => type !== "null")
  if (known.length <= 1) return known[0] ?? "null"
  if (known.includes("timestamp")) {
    return known.every(type => ["timestamp", "any", "string"].includes(type)) ? "timestamp" : undefined
  }
  if (known.includes("any")) return "any"
  if (!known.every(type => ["int", "decimal", "double"].includes(type))) return undefined
  return known.includes("double") ? "double" : "decimal"
}
