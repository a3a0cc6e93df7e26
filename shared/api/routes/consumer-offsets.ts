import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { INSTANCE_PARTITIONS_MAX } from "../consumers/limits.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { consumersOf } from "../offered.ts"
import { flag, integerNumber, name, partitionNumber } from "../parameters.ts"
import { kafkaReply } from "../reply.ts"
import { route } from "../route.ts"
import { demandTopics, ofReadable } from "../topic-rights.ts"
import { partitionsBody } from "./consumer-reads.ts"
import { asGroup, instanceOf, instancePath, noInstance } from "./consumers.ts"

const OFFSET_MAX = Number.MAX_SAFE_INTEGER

const entry = (description: string) =>
  v.strictObject({
    topic: name("topic"),
    partition: partitionNumber,
    offset: integerNumber(0, OFFSET_MAX, description),
    metadata: v.optional(v.nullable(v.string("expected text"))),
  })

const offsetsOf = (description: string) =>
  v.strictObject({
    offsets: v.pipe(
      v.array(entry(description), "expected an array of {topic, partition, offset}"),
      v.maxLength(INSTANCE_PARTITIONS_MAX, `expected at most ${INSTANCE_PARTITIONS_MAX}`),
    ),
  })

const commitBody = offsetsOf("Of the last record that was worked: the offset after it is committed.")
const seekBody = offsetsOf("Of the next record to read.")

const committedAnswer = v.object({
  offsets: v.array(
    v.object({ topic: v.string(), partition: v.number(), offset: v.number(), metadata: v.string() }),
  ),
})

const noContent = { status: 204, headers: {}, body: "" } as const
const path = "/consumers/:group/instances/:instance/offsets"
const schemas = { path: instancePath, query: nothing, headers: anyHeaders }

export const commitConsumer = route({
  method: "POST",
  path,
  id: "commitConsumer",
  summary: "Kafka REST: commit offsets",
  description:
    "Without a body: of all records that the instance was given. With one: of the records that are named, which are taken as worked, so that the offset after each is committed, as Kafka REST does.",
  access: asGroup,
  schemas: {
    path: instancePath,
    query: v.strictObject({
      async: v.optional(flag("Taken as false: the answer comes once the offsets stand.")),
    }),
    headers: anyHeaders,
  },
  body: { description: "The records.", required: false, content: { [mediaTypes.kafka]: commitBody } },
  answers: {
    200: { description: "They stand.", content: { [mediaTypes.kafka]: v.array(v.unknown()) } },
    404: { description: "40401, 40402: there is no such topic or partition; 40403: no such instance." },
    409: { description: "40941: another member of the group owns a partition." },
  },
  async handle({ request, access, path: at }, context) {
    const given = request.body.length === 0 ? undefined : jsonBody(request, commitBody).offsets
    demandTopics(
      access,
      (given ?? []).map(({ topic }) => topic),
    )
    const offsets = given?.map(({ metadata, ...each }) => ({
      ...each,
      ...(typeof metadata === "string" ? { metadata } : {}),
    }))
    await consumersOf(context).commit(instanceOf(at), offsets)
    return kafkaReply(request, 200, [])
  },
})

export const getConsumerOffsets = route({
  method: "GET",
  path,
  id: "getConsumerOffsets",
  summary: "Kafka REST: what the group has committed",
  description:
    "Of the partitions that the body names; without a body, which many clients cannot send with GET, of those that the instance reads. Partitions without an offset are left out.",
  access: asGroup,
  schemas,
  body: { description: "The partitions.", required: false, content: { [mediaTypes.kafka]: partitionsBody } },
  answers: {
    200: {
      description: "The offsets of the next records.",
      content: { [mediaTypes.kafka]: committedAnswer },
    },
    404: { description: "40401, 40402: there is no such topic or partition; 40403: no such instance." },
  },
  async handle({ request, access, path: at }, context) {
    const partitions = request.body.length === 0 ? undefined : jsonBody(request, partitionsBody).partitions
    demandTopics(
      access,
      (partitions ?? []).map(({ topic }) => topic),
    )
    const found = await consumersOf(context).committed(instanceOf(at), partitions)
    const offsets = ofReadable(access, found).map(({ topic, partition, offset, metadata }) => ({
      topic,
      partition,
      offset,
      metadata,
    }))
    return kafkaReply(request, 200, { offsets })
  },
})

const positions = "/consumers/:group/instances/:instance/positions"
const moved = {
  204: { description: "The next request for records begins there." },
  404: noInstance,
  409: { description: "40903: the instance does not read a partition." },
} as const

export const seekConsumer = route({
  method: "POST",
  path: positions,
  id: "seekConsumer",
  summary: "Kafka REST: go on at other offsets",
  access: asGroup,
  schemas,
  body: { description: "Where to go on.", required: true, content: { [mediaTypes.kafka]: seekBody } },
  answers: moved,
  async handle({ request, access, path: at }, context) {
    const { offsets } = jsonBody(request, seekBody)
    demandTopics(
      access,
      offsets.map(({ topic }) => topic),
    )
    await consumersOf(context).seek(instanceOf(at), offsets)
    return noContent
  },
})

function seekTo(to: "beginning" | "end", id: string) {
  return route({
    method: "POST",
    path: `${positions}/${to}`,
    id,
    summary: `Kafka REST: go on at the ${to} of partitions`,
    access: asGroup,
    schemas,
    body: { description: "The partitions.", required: true, content: { [mediaTypes.kafka]: partitionsBody } },
    answers: moved,
    async handle({ request, access, path: at }, context) {
      const { partitions } = jsonBody(request, partitionsBody)
      demandTopics(
        access,
        partitions.map(({ topic }) => topic),
      )
      await consumersOf(context).seekTo(instanceOf(at), to, partitions)
      return noContent
    },
  })
}

export const seekConsumerToBeginning = seekTo("beginning", "seekConsumerToBeginning")
export const seekConsumerToEnd = seekTo("end", "seekConsumerToEnd")
