import type { Seeded } from "./seeded.ts"

const numbers = ["i", "small", "l", "f", "d", "n", "year"]
const groupable = [
  "s",
  "word",
  "small",
  "b",
  "year",
  "n",
  "moment",
  "date_trunc('month', moment)",
  "year(moment)",
  "hour(moment)",
]

const texts = ["''", "'a'", "'it''s'", "'é'", "'w7'", "'w299'", "'\u{1f600}'", "'none'"]
const instants = ["'2020-01-15'", "'2020-02-29 12:00:00'", "TIMESTAMP '2020-03-01'", "DATE '2020-02-02'"]

function constant(random: Seeded, column: string): string {
  switch (column) {
    case "s":
    case "word":
      return random.pick(texts)
    case "moment":
      return random.pick(instants)
    case "b":
      return random.pick(["true", "false"])
    case "f":
    case "d":
      return random.pick(["0", "1.5", "-3.25", "100", "1e2"])
    case "n":
      return random.pick(["0", "1.5", "0.1", "-2.000000001", "7"])
    case "l":
      return random.pick(["0", "500000", "9007199254740991", "12.5"])
    case "year":
      return String(1991 + random.below(9))
    default:
      return random.pick(["0", "-2", "3", "2.5", "900", "3000000000"])
  }
}

const comparable = ["s", "word", "i", "small", "l", "f", "d", "b", "moment", "n", "year"]

function term(random: Seeded): string {
  const column = random.pick(comparable)
  const value = () => constant(random, column)
  switch (random.below(8)) {
    case 0:
      return `${column} IN (${value()}, ${value()})`
    case 1:
      return `${column} NOT IN (${value()}, ${value()}, ${value()})`
    case 2:
      return `${column} BETWEEN ${value()} AND ${value()}`
    case 3:
      return `${random.pick([...comparable, "j"])} IS ${random.pick(["", "NOT "])}NULL`
    case 4:
      return `s ${random.pick(["", "NOT "])}LIKE ${random.pick(["'a%'", "'%'", "'_'", "'%b'", "'a\\_b'", "''"])}`
    case 5:
      return `${value()} ${random.pick(["<", ">="])} ${column}`
    default:
      return `${column} ${random.pick(["=", "<>", "<", "<=", ">", ">="])} ${value()}`
  }
}

export function condition(random: Seeded, depth = 2): string {
  if (depth === 0 || random.once(3)) return term(random)
  const [one, other] = [condition(random, depth - 1), condition(random, depth - 1)]
  return random.pick([`(${one} AND ${other})`, `(${one} OR ${other})`, `NOT (${one})`, one])
}

function argument(random: Seeded): string {
  return random.pick([
    ...numbers,
    ...numbers,
    "small * year",
    "small + 1",
    "-small",
    "d * 2",
    "d * 0.5 - small",
    "year - small * 3",
    "i + small",
    "hour(moment)",
  ])
}

function aggregate(random: Seeded): string {
  const filter = random.once(4) ? ` FILTER (WHERE ${condition(random, 1)})` : ""
  const plain = random.pick([
    "count(*)",
    `count(${random.pick(comparable)})`,
    `count(DISTINCT ${random.pick(["s", "word", "small", "l", "b", "moment", "n"])})`,
    `sum(${argument(random)})`,
    `sum(${argument(random)})`,
    `avg(${argument(random)})`,
    `min(${random.pick(comparable)})`,
    `max(${random.pick(comparable)})`,
  ])
  return plain + filter
}

function output(random: Seeded): string {
  if (!random.once(4)) return aggregate(random)
  return random.pick([
    "sum(small) / count(*)",
    "sum(d) / sum(small)",
    "count(*) * 2 + 1",
    "sum(l) - sum(i)",
    "sum(n) - sum(small)",
    "100.0 * count(b) / count(*)",
    "round(avg(small), 2)",
    "sum(year) // 3",
    "sum(year) % 7",
    "-sum(small)",
    "count(*) > 3",
    "sum(small) IS NULL",
    "CAST(sum(year) AS DOUBLE)",
  ])
}

function some<T>(random: Seeded, count: number, make: () => T): T[] {
  return Array.from({ length: 1 + random.below(count) }, make)
}

function order(random: Seeded, columns: number): string {
  const first = 1 + random.below(columns)
  const direction = random.pick(["", " ASC", " DESC", " DESC NULLS FIRST", " NULLS FIRST"])
  const rest = Array.from({ length: columns }, (_, at) => String(at + 1)).filter(at => at !== String(first))
  return ` ORDER BY ${[`${first}${direction}`, ...rest].join(", ")}`
}

function limit(random: Seeded): string {
  return random.pick([" LIMIT 1000", " LIMIT 5", " LIMIT 7 OFFSET 3", " LIMIT 0", ""])
}

/** A statement whose rows and their order are certain: it is ordered by all that it gives. */
export function statement(random: Seeded, table: string): string {
  const where = random.once(4) ? "" : ` WHERE ${condition(random)}`
  switch (random.below(6)) {
    case 0: {
      const outputs = some(random, 5, () => random.pick([...comparable]))
      return `SELECT ${outputs.join(", ")} FROM ${table}${where}${order(random, outputs.length)}${limit(random)}`
    }
    case 1: {
      const outputs = [...new Set(some(random, 3, () => random.pick(groupable.slice(0, 6))))]
      return `SELECT DISTINCT ${outputs.join(", ")} FROM ${table}${where}${order(random, outputs.length)}${limit(random)}`
    }
    case 2:
      return `SELECT ${some(random, 5, () => output(random)).join(", ")} FROM ${table}${where}`
    default: {
      const groups = [...new Set(some(random, 3, () => random.pick(groupable)))]
      const outputs = [...groups, ...some(random, 4, () => output(random))]
      const having = random.once(4)
        ? ` HAVING ${random.pick(["count(*) > 2", "sum(small) < 5", "avg(d) IS NOT NULL"])}`
        : ""
      const by = random.once(3) ? groups.map((_, at) => at + 1).join(", ") : groups.join(", ")
      return `SELECT ${outputs.join(", ")} FROM ${table}${where} GROUP BY ${by}${having}${order(random, outputs.length)}${limit(random)}`
    }
  }
}
