import { defineApp, table, topic } from "millrace"
import * as z from "zod"

/** Somebody looked at a member's profile. */
const ProfileView = z.object({
  viewId: z.string(),
  /** Whose profile it is. */
  memberId: z.int(),
  viewerId: z.int(),
  source: z.enum(["search", "feed", "message", "company"]),
  /** What the viewer looked at, longest first. */
  sections: z.array(z.string()),
  seconds: z.int(),
  /** Epoch ms. */
  viewedAt: z.int(),
})

/** A member as of some moment: the newest stands. */
const Member = z.object({
  memberId: z.int(),
  name: z.string(),
  company: z.string(),
  industry: z.string(),
  seniority: z.int(),
  /** Counts up with every change. */
  revision: z.int(),
  closed: z.boolean(),
})

export const profileViews = topic("profile-views", {
  schema: ProfileView,
  key: "memberId",
  eventTime: "viewedAt",
  partitions: 4,
})

export const memberChanges = topic("members", { schema: Member, key: "memberId", partitions: 4 })

/**
 * Every question is about one member: sorted by member, its rows are next to each other, and the bloom filter leaves out
 * the segments without any. The rollup holds what the page shows above the list.
 */
export const profileViewsTable = table("profile_views", {
  from: profileViews,
  columns: {
    memberId: "long",
    viewedAt: "timestamp",
    viewerId: "long",
    source: "string",
    sections: "string[]",
    seconds: "int",
    day: { type: "timestamp", sql: "date_trunc('day', epoch_ms(viewedAt))" },
  },
  time: "viewedAt",
  sort: ["memberId", "viewedAt"],
  indexes: { memberId: ["bloom"], source: ["inverted"] },
  rollups: [
    {
      name: "by_day",
      dimensions: ["day", "source"],
      aggregates: [{ fn: "count" }, { fn: "sum", column: "seconds" }],
    },
  ],
  retention: "90d",
  // A member has few rows of a segment: small row groups hold less of others' around them.
  rowGroupRows: 4_096,
})

/** The newest revision of each member; a closed account is gone. */
export const membersTable = table("members", {
  from: memberChanges,
  columns: {
    memberId: "long",
    name: "string",
    company: "string",
    industry: "string",
    seniority: "int",
    revision: "long",
    closed: "boolean",
  },
  primaryKey: ["memberId"],
  upsert: { compare: "revision", delete: "closed" },
})

export default defineApp("profile-views", {
  topics: [profileViews, memberChanges],
  tables: [profileViewsTable, membersTable],
})
