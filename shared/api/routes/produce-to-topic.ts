import * as v from "valibot"
import { name, producerHeaders } from "../parameters.ts"
import { produce } from "../produce.ts"
import { produceAnswers, produceQuery, recordBodies } from "../record-bodies.ts"
import { route } from "../route.ts"

export const produceToTopic = route({
  method: "POST",
  path: "/topics/:topic",
  id: "produceToTopic",
  summary: "Append records; their keys choose the partitions",
  description:
    "Answers once the records are durable in the log, with their offsets; with `ack=journal`, once they are durable in the journal.",
  access: ({ topic: name }) => [{ kind: "topic", name, action: "write" }],
  schemas: {
    path: v.strictObject({ topic: name("topic") }),
    query: produceQuery,
    headers: producerHeaders,
  },
  body: { description: "The records.", required: true, content: recordBodies.topic },
  answers: produceAnswers,
  handle: produce,
})
