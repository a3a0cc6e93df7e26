import * as v from "valibot"
import {
  TRANSACTION_TIMEOUT_MS_DEFAULT,
  TRANSACTION_TIMEOUT_MS_MAX,
  TRANSACTION_TIMEOUT_MS_MIN,
} from "../../log/transactions/limits.ts"
import { jsonBody } from "../body.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { integerNumber } from "../parameters.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { producerAnswer, transactionPath } from "../transaction-schemas.ts"

const body = v.strictObject({
  timeoutMs: v.optional(
    integerNumber(
      TRANSACTION_TIMEOUT_MS_MIN,
      TRANSACTION_TIMEOUT_MS_MAX,
      `How long a transaction may be open, ms. Default ${TRANSACTION_TIMEOUT_MS_DEFAULT}.`,
    ),
  ),
})

export const initTransaction = route({
  method: "POST",
  path: "/transactions/:transaction",
  id: "initTransaction",
  summary: "Become the producer of a transactional id",
  description:
    "Whoever was it is fenced; what it had open is aborted, or carried through where it was decided, before this answers. Encoded batches of the transaction carry the id and epoch that are answered.",
  access: ({ transaction: name }) => [{ kind: "transaction", name, action: "write" }],
  schemas: { path: transactionPath, query: nothing, headers: anyHeaders },
  body: { description: "Nothing, or the time-out.", required: false, content: { [mediaTypes.json]: body } },
  answers: {
    200: {
      description: "The producer and its first transaction.",
      content: { [mediaTypes.json]: producerAnswer },
    },
  },
  async handle({ request, path }, { log }) {
    const { timeoutMs = TRANSACTION_TIMEOUT_MS_DEFAULT } =
      request.body.length > 0 ? jsonBody(request, body) : {}
    return jsonReply(200, { ...(await log.transactions.init(path.transaction, timeoutMs)) })
  },
})
