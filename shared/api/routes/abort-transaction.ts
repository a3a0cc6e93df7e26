import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { resultAnswer, transactionPath, transactionStamp } from "../transaction-schemas.ts"

const body = v.strictObject(transactionStamp)

export const abortTransaction = route({
  method: "POST",
  path: "/transactions/:transaction/abort",
  id: "abortTransaction",
  summary: "Abort a transaction",
  description:
    "Answers what became of it: `committed`, where a commit of the same transaction came first. Afterwards nothing of the transaction can be appended or committed any more.",
  access: ({ transaction: name }) => [{ kind: "transaction", name, action: "write" }],
  schemas: { path: transactionPath, query: nothing, headers: anyHeaders },
  body: { description: "The transaction.", required: true, content: { [mediaTypes.json]: body } },
  answers: {
    200: {
      description: "The outcome, and the next transaction.",
      content: { [mediaTypes.json]: resultAnswer },
    },
    403: { description: "Another producer has taken its place." },
    404: { description: "The transactional id is not known." },
  },
  async handle({ request, path }, { log }) {
    const { producerId, epoch } = jsonBody(request, body)
    return jsonReply(200, { ...(await log.transactions.abort(path.transaction, producerId, epoch)) })
  },
})
