import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { errorTable } from "../../shared/api/error-table.ts"
import { routes } from "../../shared/api/routes.ts"

const page = readFileSync(new URL("../../docs/compatibility-kafka.md", import.meta.url), "utf8")

/** A table's rows, cells without marks. */
function tableUnder(title: string): string[][] {
  const section = page.split(`## ${title}\n`)[1]?.split("\n## ")[0] ?? ""
  const lines = section.split("\n").filter(line => line.startsWith("| "))
  return lines.slice(1).map(line =>
    line
      .split("|")
      .slice(1, -1)
      .map(cell => cell.trim().replaceAll("`", "")),
  )
}

const instance = "/consumers/{group}/instances/{instance}"

/** Every route of Kafka REST v2, by its reference. */
const ROUTES = [
  "GET /topics",
  "GET /topics/{topic}",
  "POST /topics/{topic}",
  "GET /topics/{topic}/partitions",
  "GET /topics/{topic}/partitions/{partition}",
  "POST /topics/{topic}/partitions/{partition}",
  "GET /topics/{topic}/partitions/{partition}/offsets",
  "POST /consumers/{group}",
  `DELETE ${instance}`,
  `POST ${instance}/subscription`,
  `GET ${instance}/subscription`,
  `DELETE ${instance}/subscription`,
  `POST ${instance}/assignments`,
  `GET ${instance}/assignments`,
  `GET ${instance}/records`,
  `POST ${instance}/offsets`,
  `GET ${instance}/offsets`,
  `POST ${instance}/positions`,
  `POST ${instance}/positions/beginning`,
  `POST ${instance}/positions/end`,
  "GET /brokers",
  "GET /",
]

const CODES = [
  40001, 40101, 40301, 40401, 40402, 40403, 40404, 40405, 40601, 40901, 40902, 40903, 42201, 42202, 42203,
  42204, 42205, 42206, 42207, 42208, 42901, 50001, 50002, 50003, 50101,
]

describe("docs/compatibility-kafka.md claims what is so:", () => {
  const served = new Set(routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`))
  const rows = tableUnder("Routes")

  test("of every route of Kafka REST v2, once", () => {
    expect(rows.map(([route]) => route)).toEqual(ROUTES)
  })

  test.each(rows)("%s is %s", (route, claim) => {
    expect(["full", "partial", "refused", "absent"]).toContain(claim)
    expect(served.has(route)).toBe(claim === "full" || claim === "partial")
  })

  const codes = tableUnder("Codes")

  test("of every code, once", () => {
    expect(codes.map(([code]) => Number(code))).toEqual(CODES)
  })

  const forms = Object.values(errorTable).flatMap(family => Object.entries(family))

  test.each(codes)("%s with %s is %s", (code, status, claim, remark = "") => {
    const having = forms.filter(([, { errorCode }]) => errorCode === Number(code))
    if (claim === "absent") return expect(having).toEqual([])
    // A code that stands for several others names those that are there.
    const names = [...remark.matchAll(/\b[a-z]+(?:_[a-z]+)+\b/g)].map(([name]) => name)
    const told = forms.filter(([name]) => names.includes(name))
    const all = having.length === 0 ? told : having
    expect(all.length, `${code} has no error`).toBeGreaterThan(0)
    if (having.length > 0) {
      for (const [, form] of having) expect(form.status).toBe(Number(status))
      if (names.length > 0)
        expect(having.map(([name]) => name)).toEqual(expect.arrayContaining(names.slice(0, 1)))
    }
  })
})
