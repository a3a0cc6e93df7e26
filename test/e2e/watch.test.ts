import { renameSync, writeFileSync } from "node:fs"
import { Agent, get } from "node:http"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Server, startServer, temporaryFolder } from "./support.ts"

const folder = temporaryFolder()
const app = join(folder, "app.ts")
const schema = join(folder, "schema.ts")

const schemaText = (fields: string) => `import * as z from "zod"
export const Order = z.object({ id: z.int(), cents: z.int(), city: z.string()${fields} })
`

const appText = (columns: string) => `import { defineApp, table, topic } from "millrace"
import { Order } from "./schema.ts"
const orders = topic("orders", { schema: Order })
const ordersTable = table("orders", { from: orders, columns: { ${columns} } })
export default defineApp("shop", { topics: [orders], tables: [ordersTable] })
`

let server: Server
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const ports = new Set<number>()

beforeAll(async () => {
  writeFileSync(schema, schemaText(""))
  writeFileSync(app, appText(`id: "int", cents: "int"`))
  server = await startServer({ app, args: ["--watch"] })
  await send({ id: 1, cents: 100, city: "Oslo" })
})
afterAll(() => agent.destroy())

async function send(order: object): Promise<void> {
  expect((await server.produce("/topics/orders", [order])).status).toBe(200)
}

const orders = (columns: string) => server.rows(`SELECT ${columns} FROM orders ORDER BY id`)

/**
 * Replaces a file as editors do, waits for what the server says of it, and asks on the one connection whether it
 * still answers.
 */
async function edit(file: string, text: string, expected: RegExp): Promise<string> {
  const from = server.stderr.length
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
  await server.said(expected, from)
  await expectSameConnection()
  return server.stderr.slice(from)
}

/** The connection of the first call serves them all: had the port closed in between, it would be another one. */
function expectSameConnection(): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`${server.url}/health`, { agent }, response => {
      ports.add(response.socket.localPort ?? 0)
      response.resume().once("end", () => {
        try {
          expect(response.statusCode).toBe(200)
          expect(ports.size).toBe(1)
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    }).once("error", reject)
  })
}

const IN_FORCE = /The definition before it stays in force\.\n/

test("a column that is added is there while the port stays open", async () => {
  await expectSameConnection()
  // A request that waits over the change is answered after it.
  const waiting = server.call("GET /topics/orders/partitions/0/records?offset=1&timeout=25000")
  const columns = `id: "int", cents: "int", city: "string"`
  const said = await edit(app, appText(columns), /applied\n.*\n/)
  expect(said).toBe(`${app}: applied\nbackground tables.orders.columns.city: added as string\n`)
  await send({ id: 2, cents: 200, city: "Rome" })
  expect(await orders("id, cents")).toEqual([
    [1, 100],
    [2, 200],
  ])
  expect((await orders("city"))[1]).toEqual(["Rome"])
  expect((await waiting).json).toMatchObject([{ offset: 1, value: { id: 2 } }])
})

test("a broken edit of an imported file keeps it too, and mending that file alone is enough", async () => {
  // The second one ends the evaluation before it can tell what it has read.
  for (const broken of ["export const Order = ", "export const Order = await new Promise(() => {})\n"]) {
    await edit(schema, broken, IN_FORCE)
    expect((await orders("id")).at(-1)).toEqual([2])
    await edit(schema, schemaText(""), /nothing to change\n/)
  }
})

test("a broken edit prints its faults and keeps the old definition", async () => {
  expect(await edit(app, "export default defineApp(", IN_FORCE)).toContain(`${app}:1: SyntaxError: `)
  const columns = `id: "int", town: "string"`
  const said = await edit(app, appText(columns), IN_FORCE)
  expect(said).toMatch(
    /^the definition has 1 mistake:\n {2}tables\.orders\.columns\.town: .*app\.ts:\d+:\d+\)\n/,
  )
  await send({ id: 3, cents: 300, city: "Lima" })
  expect((await orders("id, cents, city"))[2]).toEqual([3, 300, "Lima"])
})

test("a change that the plan refuses is printed with its reason, and nothing of it is applied", async () => {
  const columns = `id: "int", cents: "decimal", city: "string", again: { type: "int", sql: "id" }`
  const said = await edit(app, appText(columns), IN_FORCE)
  expect(said).toMatch(/^The app shop cannot be deployed over what stands:\n/)
  expect(said).toMatch(
    /^refused +tables\.orders\.columns\.cents\.type: int → decimal: the rows .*; say rebuild: true/m,
  )
  expect(said).toMatch(/^background +tables\.orders\.columns\.again: added as int$/m)
  await send({ id: 4, cents: 400, city: "Bern" })
  expect((await orders("id, cents, city"))[3]).toEqual([4, 400, "Bern"])
  expect((await server.query("SELECT again FROM orders")).exceptions[0]?.errorCode).toBe(710)
})

test("a right edit is applied again, in the app file and in what it imports", async () => {
  const columns = `id: "int", cents: "long", city: "string", euros: { type: "decimal", sql: "cents / 100" }`
  const said = await edit(app, appText(columns), /applied\n.*\n.*\n/)
  expect(said).toMatch(/^background +tables\.orders\.columns\.euros: added as decimal$/m)
  expect(said).toMatch(/^safe +tables\.orders\.columns\.cents\.type: int → long$/m)
  const grown = schemaText(", note: z.string().optional()")
  expect(await edit(schema, grown, /applied\n.*\n/)).toMatch(
    /^safe +topics\.orders\.schema\.note: new optional/m,
  )
  await send({ id: 5, cents: 500, city: "Kyiv", note: "x" })
  expect((await orders("id, cents, city, euros::VARCHAR"))[4]?.map(String)).toEqual([
    "5",
    "500",
    "Kyiv",
    "5.000000000",
  ])
  expect(server.hasExited).toBe(false)
  expect((await server.stop()).code).toBe(0)
})
