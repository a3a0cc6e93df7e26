import type { ColumnSpec, ColumnType } from "../../shared/definition/table-spec.ts"

// Rows of the Star Schema Benchmark's lineorder with its dimensions beside it: the value ranges and hierarchies of its
// dbgen, drawn by a generator of our own from a seed.

const REGIONS: Readonly<Record<string, readonly string[]>> = {
  AFRICA: ["ALGERIA", "ETHIOPIA", "KENYA", "MOROCCO", "MOZAMBIQUE"],
  AMERICA: ["ARGENTINA", "BRAZIL", "CANADA", "PERU", "UNITED STATES"],
  ASIA: ["CHINA", "INDIA", "INDONESIA", "JAPAN", "VIETNAM"],
  EUROPE: ["FRANCE", "GERMANY", "ROMANIA", "RUSSIA", "UNITED KINGDOM"],
  "MIDDLE EAST": ["EGYPT", "IRAN", "IRAQ", "JORDAN", "SAUDI ARABIA"],
}
const NATIONS = Object.entries(REGIONS).flatMap(([region, names]) =>
  names.map(nation => ({ region, nation })),
)
const PRIORITIES = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECI", "5-LOW"]
const MODES = ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"]
const SEGMENTS = ["AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"]
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

const FIRST_DAY = Date.UTC(1992, 0, 1)
/** To 1998-08-02, as dbgen has it. */
const DAYS = 2_406
const DAY_MS = 86_400_000

type Fields = Readonly<Record<string, ColumnType>>

const types: Fields = {
  lo_orderkey: "int",
  lo_linenumber: "int",
  lo_custkey: "int",
  lo_partkey: "int",
  lo_suppkey: "int",
  lo_orderdate: "int",
  lo_orderpriority: "string",
  lo_quantity: "int",
  lo_extendedprice: "int",
  lo_discount: "int",
  lo_revenue: "int",
  lo_supplycost: "int",
  lo_tax: "int",
  lo_shipmode: "string",
  d_year: "int",
  d_yearmonthnum: "int",
  d_yearmonth: "string",
  d_weeknuminyear: "int",
  c_city: "string",
  c_nation: "string",
  c_region: "string",
  c_mktsegment: "string",
  s_city: "string",
  s_nation: "string",
  s_region: "string",
  p_mfgr: "string",
  p_category: "string",
  p_brand1: "string",
}

export const columns: readonly ColumnSpec[] = Object.entries(types).map(([name, type]) => ({ name, type }))

/** What the queries' expressions come to, for rollups, which keep columns alone. */
export const computedColumns: readonly ColumnSpec[] = [
  { name: "lo_disc_price", type: "int" },
  { name: "lo_profit", type: "int" },
]

export type Row = Readonly<Record<string, string | number>>

/** Uniform whole numbers from a seed: xorshift of 32 bits. */
class Numbers {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 0 || 1
  }

  between(low: number, high: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return low + ((state >>> 0) % (high - low + 1))
  }
}

interface Day {
  readonly lo_orderdate: number
  readonly d_year: number
  readonly d_yearmonthnum: number
  readonly d_yearmonth: string
  readonly d_weeknuminyear: number
}

const days: readonly Day[] = Array.from({ length: DAYS }, (_, at) => {
  const date = new Date(FIRST_DAY + at * DAY_MS)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
  const ofYear = Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / DAY_MS)
  return {
    lo_orderdate: year * 10_000 + month * 100 + day,
    d_year: year,
    d_yearmonthnum: year * 100 + month,
    d_yearmonth: `${MONTHS[month - 1]}${year}`,
    d_weeknuminyear: Math.floor(ofYear / 7) + 1,
  }
})

function cityOf(nation: string, digit: number): string {
  return `${nation.slice(0, 9).padEnd(9)}${digit}`
}

/** Row `at` of `count`, dates ascending over all of them, as the benchmark's other systems are given them. */
export function rowAt(numbers: Numbers, at: number, count: number): Row {
  const day = days[Math.floor((at / count) * DAYS)]!
  const customer = NATIONS[numbers.between(0, 24)]!
  const supplier = NATIONS[numbers.between(0, 24)]!
  const [mfgr, category, brand] = [numbers.between(1, 5), numbers.between(1, 5), numbers.between(1, 40)]
  const quantity = numbers.between(1, 50)
  const discount = numbers.between(0, 10)
  const price = quantity * numbers.between(90_100, 209_800)
  const revenue = Math.floor((price * (100 - discount)) / 100)
  const supplycost = Math.floor((6 * price) / (10 * quantity))
  return {
    lo_orderkey: Math.floor(at / 4) + 1,
    lo_linenumber: (at % 4) + 1,
    lo_custkey: numbers.between(1, 30_000),
    lo_partkey: numbers.between(1, 200_000),
    lo_suppkey: numbers.between(1, 2_000),
    ...day,
    lo_orderpriority: PRIORITIES[numbers.between(0, 4)]!,
    lo_quantity: quantity,
    lo_extendedprice: price,
    lo_discount: discount,
    lo_revenue: revenue,
    lo_supplycost: supplycost,
    lo_disc_price: price * discount,
    lo_profit: revenue - supplycost,
    lo_tax: numbers.between(0, 8),
    lo_shipmode: MODES[numbers.between(0, 6)]!,
    c_city: cityOf(customer.nation, numbers.between(0, 9)),
    c_nation: customer.nation,
    c_region: customer.region,
    c_mktsegment: SEGMENTS[numbers.between(0, 4)]!,
    s_city: cityOf(supplier.nation, numbers.between(0, 9)),
    s_nation: supplier.nation,
    s_region: supplier.region,
    p_mfgr: `MFGR#${mfgr}`,
    p_category: `MFGR#${mfgr}${category}`,
    p_brand1: `MFGR#${mfgr}${category}${brand}`,
  }
}

export function numbersOf(seed: number): Numbers {
  return new Numbers(seed)
}
