import * as v from "valibot"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { transactionAnswer, transactionPath } from "../transaction-schemas.ts"

export const getTransaction = route({
  method: "GET",
  path: "/transactions/:transaction",
  id: "getTransaction",
  summary: "What a transactional id is at",
  access: ({ transaction: name }) => [{ kind: "transaction", name, action: "write" }],
  schemas: { path: transactionPath, query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "Its transaction.", content: { [mediaTypes.json]: transactionAnswer } },
    404: { description: "The transactional id is not known." },
  },
  async handle({ path }, { log }) {
    return jsonReply(200, { ...(await log.transactions.describe(path.transaction)) })
  },
})

export const listTransactions = route({
  method: "GET",
  path: "/transactions",
  id: "listTransactions",
  summary: "All transactional ids",
  description: "Those that the caller may use.",
  access: { kind: "transaction", some: true, action: "write" },
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: {
    200: {
      description: "Each with its transaction.",
      content: { [mediaTypes.json]: v.object({ transactions: v.array(transactionAnswer) }) },
    },
  },
  async handle({ access }, { log }) {
    const all = await log.transactions.list()
    const transactions = all.filter(({ transactionalId: name }) =>
      access.may({ kind: "transaction", name, action: "write" }),
    )
    return jsonReply(200, { transactions })
  },
})
