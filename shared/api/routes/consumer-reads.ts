import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { INSTANCE_PARTITIONS_MAX } from "../consumers/limits.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { consumersOf } from "../offered.ts"
import { name, partitionNumber } from "../parameters.ts"
import { kafkaReply } from "../reply.ts"
import { route } from "../route.ts"
import { demandTopics, mayRead, ofReadable } from "../topic-rights.ts"
import { asGroup, instanceOf, instancePath, noInstance } from "./consumers.ts"

/** More topics are a pattern's business. */
const TOPICS_MAX = 1_000
const topicsExpected = `expected 1 to ${TOPICS_MAX} topics`

const subscription = v.pipe(
  v.strictObject({
    topics: v.optional(
      v.pipe(
        v.array(name("topic"), topicsExpected),
        v.minLength(1, topicsExpected),
        v.maxLength(TOPICS_MAX, topicsExpected),
      ),
    ),
    topic_pattern: v.optional(
      v.pipe(
        v.string("expected a pattern as text"),
        v.description("A regular expression over topics' names."),
      ),
    ),
  }),
  v.check(
    ({ topics, topic_pattern }) => (topics === undefined) !== (topic_pattern === undefined),
    "expected topics or topic_pattern, one of them",
  ),
)

export const topicPartition = v.strictObject({ topic: name("topic"), partition: partitionNumber })

const tooMany = `expected at most ${INSTANCE_PARTITIONS_MAX}`

export const partitionsBody = v.strictObject({
  partitions: v.pipe(
    v.array(topicPartition, "expected an array of {topic, partition}"),
    v.maxLength(INSTANCE_PARTITIONS_MAX, tooMany),
  ),
})

const path = "/consumers/:group/instances/:instance/subscription"
const schemas = { path: instancePath, query: nothing, headers: anyHeaders }
const noContent = { status: 204, headers: {}, body: "" } as const
const exclusive = { description: "40903: it reads something of another kind already." }

export const subscribeConsumer = route({
  method: "POST",
  path,
  id: "subscribeConsumer",
  summary: "Kafka REST: subscribe to topics, or to a pattern",
  description:
    "The group assigns partitions with the first request for records, and again whenever its members change.",
  access: asGroup,
  schemas,
  body: {
    description: "Topics, which need not be there yet, or a pattern.",
    required: true,
    content: { [mediaTypes.kafka]: subscription },
  },
  answers: { 204: { description: "It subscribes." }, 404: noInstance, 409: exclusive },
  async handle({ request, access, path: at }, context) {
    const { topics, topic_pattern: pattern = "" } = jsonBody(request, subscription)
    demandTopics(access, topics ?? [])
    await consumersOf(context).subscribe(instanceOf(at), topics === undefined ? { pattern } : { topics })
    return noContent
  },
})

export const getSubscription = route({
  method: "GET",
  path,
  id: "getSubscription",
  summary: "Kafka REST: the topics that a consumer instance subscribes to",
  access: asGroup,
  schemas,
  answers: {
    200: {
      description: "The topics.",
      content: { [mediaTypes.kafka]: v.object({ topics: v.array(v.string()) }) },
    },
    404: noInstance,
  },
  async handle({ request, access, path: at }, context) {
    const topics = await consumersOf(context).subscription(instanceOf(at))
    const known = topics.filter(topic => mayRead(access, topic))
    return kafkaReply(request, 200, { topics: known })
  },
})

export const unsubscribeConsumer = route({
  method: "DELETE",
  path,
  id: "unsubscribeConsumer",
  summary: "Kafka REST: end a subscription, or an assignment",
  access: asGroup,
  schemas,
  answers: { 204: { description: "It reads nothing any more." }, 404: noInstance },
  async handle({ path: at }, context) {
    await consumersOf(context).unsubscribe(instanceOf(at))
    return noContent
  },
})

const assignments = "/consumers/:group/instances/:instance/assignments"

export const assignConsumer = route({
  method: "POST",
  path: assignments,
  id: "assignConsumer",
  summary: "Kafka REST: assign partitions by hand",
  description: "It is no member of the group then, and shares the group's offsets only.",
  access: asGroup,
  schemas,
  body: { description: "The partitions.", required: true, content: { [mediaTypes.kafka]: partitionsBody } },
  answers: {
    204: { description: "It reads them." },
    404: { description: "40401, 40402: there is no such topic or partition; 40403: no such instance." },
    409: exclusive,
  },
  async handle({ request, access, path: at }, context) {
    const { partitions } = jsonBody(request, partitionsBody)
    demandTopics(
      access,
      partitions.map(({ topic }) => topic),
    )
    await consumersOf(context).assign(instanceOf(at), partitions)
    return noContent
  },
})

export const getAssignments = route({
  method: "GET",
  path: assignments,
  id: "getAssignments",
  summary: "Kafka REST: the partitions that a consumer instance reads",
  access: asGroup,
  schemas,
  answers: {
    200: {
      description: "The partitions, of a subscription as of the last request for records.",
      content: { [mediaTypes.kafka]: partitionsBody },
    },
    404: noInstance,
  },
  async handle({ request, access, path: at }, context) {
    const partitions = ofReadable(access, await consumersOf(context).assignment(instanceOf(at)))
    return kafkaReply(request, 200, { partitions })
  },
})
