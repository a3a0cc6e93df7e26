import * as v from "valibot"
import { checkPartition } from "../../log/topic-config.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { name, partitionText } from "../parameters.ts"
import { kafkaReply } from "../reply.ts"
import { type RouteAccess, route } from "../route.ts"
import { partitionAnswer, partitionShown } from "./get-topic.ts"

const access: RouteAccess<{ readonly topic: string }> = ({ topic: name }) => [
  { kind: "topic", name, action: "read" },
  { kind: "topic", name, action: "write" },
]

export const listPartitions = route({
  method: "GET",
  path: "/topics/:topic/partitions",
  id: "listPartitions",
  summary: "Kafka REST: a topic's partitions",
  access,
  schemas: { path: v.strictObject({ topic: name("topic") }), query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "The partitions.", content: { [mediaTypes.json]: v.array(partitionAnswer) } },
    404: { description: "There is no such topic." },
  },
  async handle({ request, path }, { log }) {
    const { partitions } = await log.topic(path.topic, true)
    return kafkaReply(
      request,
      200,
      Array.from({ length: partitions }, (_, at) => partitionShown(at)),
    )
  },
})

export const getPartition = route({
  method: "GET",
  path: "/topics/:topic/partitions/:partition",
  id: "getPartition",
  summary: "Kafka REST: one of a topic's partitions",
  access,
  schemas: {
    path: v.strictObject({ topic: name("topic"), partition: partitionText }),
    query: nothing,
    headers: anyHeaders,
  },
  answers: {
    200: { description: "The partition.", content: { [mediaTypes.json]: partitionAnswer } },
    404: { description: "There is no such topic or partition." },
  },
  async handle({ request, path }, { log }) {
    checkPartition(await log.topic(path.topic, true), path.partition)
    return kafkaReply(request, 200, partitionShown(path.partition))
  },
})
