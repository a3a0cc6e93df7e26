import * as v from "valibot"
import { REBALANCE_MS_MAX, SESSION_MS_MAX, SESSION_MS_MIN } from "../../log/groups/limits.ts"
import { jsonBody } from "../body.ts"
import { assignorName, epochNumber, memberPath, ownedTopic, subscription } from "../group-schemas.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { integerNumber } from "../parameters.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const body = v.strictObject({
  memberEpoch: epochNumber("0 joins; else the epoch of the last reply."),
  instanceId: v.optional(
    v.pipe(v.string(), v.description("Makes the member static: its place survives a restart.")),
  ),
  subscription: v.optional(subscription),
  assignor: v.optional(assignorName),
  owned: v.pipe(
    v.array(ownedTopic),
    v.description(
      "What the member still reads: what is left out may be given to another. Nothing when joining.",
    ),
  ),
  sessionTimeoutMs: v.optional(
    integerNumber(
      SESSION_MS_MIN,
      SESSION_MS_MAX,
      "The member is gone after this long in silence, ms. Default 45,000.",
    ),
  ),
  rebalanceTimeoutMs: v.optional(
    integerNumber(1_000, REBALANCE_MS_MAX, "How long it may hold what it is to give up, ms. Default 60,000."),
  ),
})

const answer = v.object({
  memberEpoch: v.number(),
  heartbeatIntervalMs: v.number(),
  assignment: v.optional(
    v.pipe(
      v.array(
        v.object({
          topic: v.string(),
          topicId: v.string(),
          partition: v.number(),
          offset: v.optional(v.number()),
        }),
      ),
      v.description("What the member may read now; absent: as before."),
    ),
  ),
})

export const heartbeat = route({
  method: "POST",
  path: "/groups/:group/members/:member",
  id: "heartbeat",
  summary: "Join a group, or stay in it",
  description:
    "The first heartbeat joins. A member sends one every `heartbeatIntervalMs`, and at once when what it owns changes. A repeat is answered as the first. Each topic that it names needs `topic:<name>:read`.",
  access: ({ group: name }) => [{ kind: "group", name, action: "read" }],
  schemas: { path: memberPath, query: nothing, headers: anyHeaders },
  body: {
    description: "What the member wants and has.",
    required: true,
    content: { [mediaTypes.json]: body },
  },
  answers: {
    200: { description: "What it may read.", content: { [mediaTypes.json]: answer } },
    404: { description: "It is no member any more: it joins again." },
    409: { description: "Another has taken its place." },
    422: { description: "The heartbeat is wrong, or the group is too large." },
  },
  async handle({ request, path, access }, { log }) {
    const beat = jsonBody(request, body)
    const wanted = beat.subscription
    if (wanted !== undefined && "topics" in wanted) {
      for (const name of wanted.topics) access.demand({ kind: "topic", name, action: "read" })
    } else if (wanted !== undefined) {
      access.demand({ kind: "topic", some: true, action: "read" })
    }
    return jsonReply(200, { ...(await log.groups.heartbeat({ ...path, ...beat })) })
  },
})
