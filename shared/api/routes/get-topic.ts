import * as v from "valibot"
import type { TopicInfo } from "../../log/types.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { name } from "../parameters.ts"
import { kafkaReply } from "../reply.ts"
import { route } from "../route.ts"

const replica = v.object({ broker: v.number(), leader: v.boolean(), in_sync: v.boolean() })

export const partitionAnswer = v.object({
  partition: v.number(),
  leader: v.number(),
  replicas: v.array(replica),
})

export const topicAnswer = v.object({
  name: v.string(),
  configs: v.record(v.string(), v.string()),
  partitions: v.array(partitionAnswer),
})

// There are no brokers: clients of Kafka REST see one, in sync, that leads every partition.
const replicas = [{ broker: 0, leader: true, in_sync: true }]

/** A partition as Kafka REST shows it. */
export function partitionShown(partition: number): object {
  return { partition, leader: 0, replicas }
}

/** A topic as Kafka REST shows it. */
export function topicShown({ name, config, partitions: count }: TopicInfo): object {
  const partitions = Array.from({ length: count }, (_, partition) => partitionShown(partition))
  return { name, configs: config, partitions }
}

export const getTopic = route({
  method: "GET",
  path: "/topics/:topic",
  id: "getTopic",
  summary: "A topic's configuration and partitions",
  access: ({ topic: name }) => [
    { kind: "topic", name, action: "read" },
    { kind: "topic", name, action: "write" },
  ],
  schemas: { path: v.strictObject({ topic: name("topic") }), query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "The topic.", content: { [mediaTypes.json]: topicAnswer } },
    404: { description: "There is no such topic." },
  },
  async handle({ request, path }, { log }) {
    // Anew: whoever asks has often just changed it, perhaps through another process.
    const topic = await log.topic(path.topic, true)
    return kafkaReply(request, 200, topicShown(topic))
  },
})
