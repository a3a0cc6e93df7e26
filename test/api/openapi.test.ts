import { Ajv2020 } from "ajv/dist/2020.js"
import * as fc from "fast-check"
import { safeParse } from "valibot"
import { describe, expect, test } from "vitest"
import { binaryRecords, jsonRecords } from "../../shared/api/record-bodies.ts"
import { routes } from "../../shared/api/routes.ts"
import { LogError } from "../../shared/log/errors.ts"
import { kafkaRecords } from "../../shared/log/records/index.ts"
import { openApi } from "./support.ts"

async function document() {
  return (await openApi().call("GET /openapi.json")).json
}

describe("the OpenAPI document", () => {
  test("tells of every route", async () => {
    const { openapi, paths } = await document()
    expect(openapi).toBe("3.1.0")
    const told = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations as object).map(method => `${method.toUpperCase()} ${path}`),
    )
    const served = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`)
    expect(told.sort()).toEqual(served.sort())
  })

  test("has parameters with their types and bounds", async () => {
    const { paths } = await document()
    const { parameters } = paths["/topics/{topic}/partitions/{partition}/records"].get
    expect(parameters).toContainEqual({
      name: "max_bytes",
      in: "query",
      required: false,
      description: expect.any(String),
      schema: { type: "integer", minimum: 1, maximum: 4 * 1024 * 1024 },
    })
    expect(parameters).toContainEqual(expect.objectContaining({ name: "topic", in: "path", required: true }))
    const headers = paths["/topics/{topic}"].post.parameters.filter((p: { in: string }) => p.in === "header")
    expect(headers.map((p: { name: string }) => p.name)).toEqual([
      "producer-id",
      "producer-epoch",
      "producer-seq",
    ])
  })

  test("has JSON Schemas that compile, and that requests and answers satisfy", async () => {
    const { paths, components } = await document()
    const ajv = new Ajv2020({ strict: false })
    const validates = (schema: object, value: unknown) => ajv.validate({ ...schema, components }, value)
    for (const operations of Object.values(paths) as Record<
      string,
      { requestBody?: { content: object } }
    >[]) {
      for (const { requestBody } of Object.values(operations)) {
        for (const { schema } of Object.values(requestBody?.content ?? {}) as { schema?: object }[]) {
          if (schema !== undefined) ajv.compile(schema)
        }
      }
    }
    const create = paths["/topics"].post
    const input = create.requestBody.content["application/json"].schema
    expect(validates(input, { name: "events", partitions: 3 })).toBe(true)
    expect(validates(input, { name: "events", colour: "red" })).toBe(false)
    const { call } = openApi()
    const { json } = await call("POST /topics", { body: { name: "events" } })
    expect(validates(create.responses[201].content["application/json"].schema, json)).toBe(true)
    const failed = await call("POST /topics", { body: { name: "events" } })
    expect(validates(components.schemas.Error, failed.json)).toBe(true)
  })
})

/** Whether the codec takes a body. */
function codecTakes(body: unknown, format: "json" | "binary"): boolean {
  try {
    kafkaRecords(Buffer.from(JSON.stringify(body)), { format, partitions: 3 })
    return true
  } catch (error) {
    if (error instanceof LogError) return false
    throw error
  }
}

describe("the schemas of record bodies", () => {
  const base64 = fc.option(fc.base64String())
  const often = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof(
      { weight: 9, arbitrary: arbitrary as fc.Arbitrary<unknown> },
      { weight: 1, arbitrary: fc.jsonValue() },
    )
  const record = (value: fc.Arbitrary<unknown>) =>
    fc.record(
      {
        key: often(value),
        value,
        partition: often(fc.option(fc.nat(5))),
        timestamp: often(fc.option(fc.nat())),
        headers: often(fc.option(fc.array(fc.record({ name: fc.string(), value }), { maxLength: 2 }))),
      },
      { requiredKeys: ["value"] },
    )
  const bodies = (value: fc.Arbitrary<unknown>) =>
    often(fc.record({ records: often(fc.array(often(record(value)), { minLength: 0, maxLength: 3 })) }))

  test("say the same as the codec that reads them: json", () => {
    fc.assert(
      fc.property(bodies(fc.jsonValue()), body => {
        expect(safeParse(jsonRecords, body).success).toBe(codecTakes(body, "json"))
      }),
    )
  })

  test("say the same as the codec that reads them: binary", () => {
    fc.assert(
      fc.property(bodies(base64), body => {
        expect(safeParse(binaryRecords, body).success).toBe(codecTakes(body, "binary"))
      }),
    )
  })
})
