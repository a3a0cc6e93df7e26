import { toStandardJsonSchema } from "@valibot/to-json-schema"
import * as v from "valibot"
import { expect, test } from "vitest"
import * as z from "zod"
import { readSchema } from "../../shared/definition/json-schema.ts"
import { recordFields } from "../../shared/definition/record-fields.ts"

const faultsOf = (schema: unknown) =>
  readSchema(schema).faults.map(({ path, message }) => `${path}: ${message}`)
const SAME = "but a topic's records are what was sent: input and output must be the same"

test.each([
  [
    "transform",
    z.object({ a: z.object({ b: z.string().transform(s => s.length) }) }),
    `a.b: transforms, ${SAME}`,
  ],
  [
    "default",
    z.object({ a: z.array(z.object({ b: z.string().default("x") })) }),
    `a[].b: has a default, ${SAME}`,
  ],
  ["prefault", z.object({ a: z.string().prefault("x") }), `a: has a default, ${SAME}`],
  ["coerce", z.object({ a: z.coerce.number() }), `a: coerces, ${SAME}`],
  ["catch", z.object({ a: z.string().catch("x") }), `a: replaces bad values, ${SAME}`],
  ["trim", z.object({ a: z.string().trim() }), `a: rewrites text, ${SAME}`],
  ["preprocess", z.object({ a: z.preprocess(x => x, z.string()) }), `a: transforms, ${SAME}`],
  ["codec", z.object({ a: z.stringbool().optional() }), `a: transforms, ${SAME}`],
  [
    "pipe",
    z.object({ a: z.string().pipe(z.string().min(2)) }),
    `a: gives something else than it takes, ${SAME}`,
  ],
  [
    "bigint",
    z.object({ a: z.bigint() }),
    ": cannot be said in JSON Schema: BigInt cannot be represented in JSON Schema",
  ],
  [
    "union",
    z.union([z.object({ a: z.string() }), z.object({ b: z.coerce.date() })]),
    ": cannot be said in JSON Schema: Date cannot be represented in JSON Schema",
  ],
  [
    "valibot default",
    toStandardJsonSchema(v.object({ a: v.optional(v.string(), "x") })),
    `a: has a default, ${SAME}`,
  ],
  [
    "valibot transform",
    toStandardJsonSchema(
      v.object({
        a: v.pipe(
          v.string(),
          v.transform(s => s.length),
        ),
      }),
    ),
    `: has an output that JSON Schema cannot say (The "transform" action cannot be converted to JSON Schema.), ${SAME}`,
  ],
  [
    "valibot alone",
    v.object({ a: v.string() }),
    ": expected a schema that also gives JSON Schema (Standard JSON Schema); this one of valibot does not",
  ],
  ["no schema", { type: "object" }, ": expected a Standard Schema, such as z.object({ … })"],
  ["nothing", undefined, ": expected a Standard Schema, such as z.object({ … })"],
])("refused with its path: %s", (_, schema, fault) => {
  expect(faultsOf(schema)).toEqual([fault])
})

test.each([
  ["strict", z.strictObject({ a: z.int() })],
  ["loose", z.looseObject({ a: z.int() })],
  [
    "refined",
    z.object({
      a: z
        .string()
        .min(2)
        .regex(/x/)
        .refine(s => s !== ""),
    }),
  ],
  [
    "optional, nullable, branded, readonly",
    z.object({ a: z.string().optional(), b: z.nullable(z.int().brand("B")) }).readonly(),
  ],
  ["intersection", z.object({ a: z.string() }).and(z.object({ b: z.int() }))],
  ["lazy", z.object({ a: z.lazy(() => z.string()) })],
  [
    "recursive",
    z.object({
      name: z.string(),
      get children() {
        return z.array(z.object({ name: z.string() }))
      },
    }),
  ],
  ["a property called default", z.object({ default: z.string() })],
  [
    "a template, a tuple, a record",
    z.object({
      a: z.templateLiteral(["x", z.int()]),
      b: z.tuple([z.int()]),
      c: z.record(z.string(), z.int()),
    }),
  ],
  [
    "valibot",
    toStandardJsonSchema(v.object({ a: v.optional(v.string()), b: v.pipe(v.number(), v.integer()) })),
  ],
])("accepted: %s", (_, schema) => {
  expect(faultsOf(schema)).toEqual([])
})

test("a library without the standard's JSON Schema may bring the method", () => {
  const { version, vendor, validate } = z.object({})["~standard"]
  const schema = { "~standard": { version, vendor, validate }, toJSONSchema: () => ({ type: "object" }) }
  expect(readSchema(schema)).toEqual({ schema: { type: "object" }, faults: [] })
})

test("fields are found through references and unions", () => {
  const Place = z.object({ city: z.string() }).meta({ id: "Place" })
  const read = readSchema(
    z.union([z.object({ at: Place, n: z.int().nullable() }), z.object({ n: z.literal("x") })]),
  )
  expect([...recordFields(read.schema ?? {})].map(([name, kinds]) => [name, [...kinds].sort()])).toEqual([
    ["at", ["object"]],
    ["n", ["integer", "null", "string"]],
  ])
})
