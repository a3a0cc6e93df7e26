import * as v from "valibot"
import { TABLE_TOPIC_PREFIX } from "../../definition/records.ts"
import { PARTITIONS_MAX } from "../../log/types.ts"
import { jsonBody } from "../body.ts"
import { PARTITIONS_DEFAULT } from "../limits.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { name } from "../parameters.ts"
import { kafkaReply } from "../reply.ts"
import { route } from "../route.ts"

const partitionsExpected = `expected an integer, 1 to ${PARTITIONS_MAX}`

const body = v.strictObject({
  name: v.pipe(
    name("topic"),
    v.check(
      text => !text.startsWith(TABLE_TOPIC_PREFIX),
      `expected a name that does not begin with ${TABLE_TOPIC_PREFIX}, which are tables' own`,
    ),
  ),
  partitions: v.optional(
    v.pipe(
      v.number(partitionsExpected),
      v.integer(partitionsExpected),
      v.minValue(1, partitionsExpected),
      v.maxValue(PARTITIONS_MAX, partitionsExpected),
      v.description("How many partitions; they only grow."),
    ),
    PARTITIONS_DEFAULT,
  ),
  config: v.optional(
    v.pipe(
      v.record(v.string(), v.string("expected text: Kafka's configuration values are strings")),
      v.description("Kafka's topic configuration, values as text."),
    ),
    {},
  ),
  key: v.optional(
    v.pipe(
      v.string("expected the name of a field"),
      v.description(
        "The field of the value that equals the record's key; tables with upsert or dedup need it.",
      ),
    ),
  ),
})

const answer = v.object({
  name: v.string(),
  id: v.string(),
  partitions: v.number(),
  config: v.record(v.string(), v.string()),
  key: v.optional(v.string()),
})

export const createTopic = route({
  method: "POST",
  path: "/topics",
  id: "createTopic",
  summary: "Create a topic",
  access: { kind: "topic", some: true, action: "admin" },
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  body: { description: "The topic.", required: true, content: { [mediaTypes.json]: body } },
  answers: {
    201: { description: "The topic is made.", content: { [mediaTypes.json]: answer } },
    409: { description: "A topic has this name, or one with this name is being deleted." },
  },
  async handle({ request, access }, { log }) {
    const spec = jsonBody(request, body)
    access.demand({ kind: "topic", name: spec.name, action: "admin" })
    const { key: keyField, ...topic } = spec
    const { name, id, partitions, config } = await log.createTopic({
      ...topic,
      owner: "http",
      ...(keyField === undefined ? {} : { keyField }),
    })
    const key = keyField === undefined ? {} : { key: keyField }
    const reply = kafkaReply(request, 201, { name, id, partitions, config, ...key })
    return { ...reply, headers: { ...reply.headers, location: `/topics/${name}` } }
  },
})
