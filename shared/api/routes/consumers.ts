import * as v from "valibot"
import { jsonBody } from "../body.ts"
import type { InstanceConfig } from "../consumers/instance.ts"
import { INSTANCE_NAME_LENGTH_MAX, MIN_BYTES_MAX } from "../consumers/limits.ts"
import { ApiError } from "../errors.ts"
import { WAIT_MS_DEFAULT } from "../limits.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { consumersOf } from "../offered.ts"
import { kafkaReply } from "../reply.ts"
import { type RouteAccess, route } from "../route.ts"
import type { ApiRequest } from "../types.ts"

const NAME_EXPECTED = `expected 1 to ${INSTANCE_NAME_LENGTH_MAX} printable ASCII characters without blanks`

function consumerName(what: string) {
  return v.pipe(
    v.string(NAME_EXPECTED),
    v.regex(new RegExp(`^[\\x21-\\x7e]{1,${INSTANCE_NAME_LENGTH_MAX}}$`), NAME_EXPECTED),
    v.description(`The ${what}'s name.`),
  )
}

export const groupPath = v.strictObject({ group: consumerName("group") })
export const instancePath = v.strictObject({
  group: consumerName("group"),
  instance: consumerName("consumer instance"),
})

/** Whoever reads as a group may do so by its instances. */
export const asGroup: RouteAccess<{ readonly group: string }> = ({ group: name }) => [
  { kind: "group", name, action: "read" },
]

/** The instance that a path names. */
export const instanceOf = ({ group, instance: name }: v.InferOutput<typeof instancePath>) => ({ group, name })

export const noInstance = { description: "40403: there is no such instance, or it was idle for 5 minutes." }

/** Numbers and flags travel as text too, as Kafka REST's clients send them. */
const integer = v.union(
  [v.pipe(v.number(), v.integer()), v.pipe(v.string(), v.regex(/^-?\d{1,15}$/), v.transform(Number))],
  "expected an integer",
)
const flag = v.union(
  [
    v.boolean(),
    v.pipe(
      v.picklist(["true", "false"]),
      v.transform(text => text === "true"),
    ),
  ],
  "expected true or false",
)

const body = v.strictObject({
  name: v.optional(v.nullable(consumerName("instance"))),
  format: v.optional(v.picklist(["binary", "json"], "expected binary or json"), "binary"),
  "auto.offset.reset": v.optional(
    v.picklist(["earliest", "latest", "none"], "expected earliest, latest or none"),
    "latest",
  ),
  "auto.commit.enable": v.optional(flag, true),
  "fetch.min.bytes": v.optional(integer, -1),
  "consumer.request.timeout.ms": v.optional(integer, WAIT_MS_DEFAULT),
})

const answer = v.object({ instance_id: v.string(), base_uri: v.string() })

/** Throws ApiError `invalid_consumer`, `consumer_constraint`. */
function configOf(request: ApiRequest): { readonly name?: string; readonly config: InstanceConfig } {
  const given = request.body.length === 0 ? v.parse(body, {}) : parsed(request)
  const minBytes = given["fetch.min.bytes"]
  const timeoutMs = given["consumer.request.timeout.ms"]
  if (minBytes < -1 || minBytes > MIN_BYTES_MAX) {
    throw outOfBounds(`body.fetch.min.bytes: expected -1 to ${MIN_BYTES_MAX}, got ${minBytes}`)
  }
  if (timeoutMs < 0)
    throw outOfBounds(`body.consumer.request.timeout.ms: expected 0 or more, got ${timeoutMs}`)
  const config: InstanceConfig = {
    format: given.format,
    reset: given["auto.offset.reset"],
    autoCommit: given["auto.commit.enable"],
    minBytes: Math.max(1, minBytes),
    timeoutMs,
  }
  return { config, ...(typeof given.name === "string" ? { name: given.name } : {}) }
}

function parsed(request: ApiRequest) {
  try {
    return jsonBody(request, body)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "invalid") throw error
    throw new ApiError("invalid_consumer", `Invalid consumer configuration: ${error.message}`)
  }
}

function outOfBounds(what: string): ApiError {
  const message = `Invalid consumer configuration. It does not abide by the constraints: ${what}`
  return new ApiError("consumer_constraint", message)
}

/** Where the instance is asked for, as its client reached the server. */
function baseUri({ headers }: ApiRequest, group: string, name: string): string {
  const { host, "x-forwarded-proto": scheme = "http" } = headers
  const origin = host === undefined ? "" : `${scheme === "https" ? "https" : "http"}://${host}`
  return `${origin}/consumers/${encodeURIComponent(group)}/instances/${encodeURIComponent(name)}`
}

export const createConsumer = route({
  method: "POST",
  path: "/consumers/:group",
  id: "createConsumer",
  summary: "Kafka REST: make a consumer instance of a group",
  description:
    "Any process of the deployment serves it. One that is not asked for 5 minutes is gone. `format` is binary or json; schemas' formats are refused.",
  access: asGroup,
  schemas: { path: groupPath, query: nothing, headers: anyHeaders },
  body: {
    description: "Its configuration; all may be left out.",
    required: false,
    content: { [mediaTypes.kafka]: body },
  },
  answers: {
    200: { description: "The instance is made.", content: { [mediaTypes.kafka]: answer } },
    409: { description: "40902: the group has an instance of this name." },
    422: { description: "42204: the configuration is not known; 40001: a value is out of bounds." },
  },
  async handle({ request, path }, context) {
    const { name, config } = configOf(request)
    const made = await consumersOf(context).create(path.group, config, name)
    const answered = { instance_id: made.name, base_uri: baseUri(request, path.group, made.name) }
    return kafkaReply(request, 200, answered)
  },
})

export const deleteConsumer = route({
  method: "DELETE",
  path: "/consumers/:group/instances/:instance",
  id: "deleteConsumer",
  summary: "Kafka REST: end a consumer instance",
  description: "It leaves its group, whose other members take over what it read.",
  access: asGroup,
  schemas: { path: instancePath, query: nothing, headers: anyHeaders },
  answers: { 204: { description: "It is gone." }, 404: noInstance },
  async handle({ path }, context) {
    await consumersOf(context).remove(instanceOf(path))
    return { status: 204, headers: {}, body: "" }
  },
})
