import * as v from "valibot"
import { name, partitionText, producerHeaders } from "../parameters.ts"
import { produce } from "../produce.ts"
import { produceAnswers, produceQuery, recordBodies } from "../record-bodies.ts"
import { route } from "../route.ts"

export const produceToPartition = route({
  method: "POST",
  path: "/topics/:topic/partitions/:partition",
  id: "produceToPartition",
  summary: "Append records to one partition",
  description:
    "Answers once the records are durable in the log, with their offsets; with `ack=journal`, once they are durable in the journal.",
  access: ({ topic: name }) => [{ kind: "topic", name, action: "write" }],
  schemas: {
    path: v.strictObject({ topic: name("topic"), partition: partitionText }),
    query: produceQuery,
    headers: producerHeaders,
  },
  body: { description: "The records.", required: true, content: recordBodies.partition },
  answers: produceAnswers,
  handle: produce,
})
