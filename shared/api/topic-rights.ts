import type { Access } from "./auth/access.ts"

/** Whether the caller may read a topic, and so know of it. */
export const mayRead = (access: Access, name: string): boolean =>
  access.may({ kind: "topic", name, action: "read" })

/** Throws ApiError `forbidden`. Asked before anything is looked up: the refusal must not tell whether there is such a topic. */
export function demandTopics(access: Access, topics: Iterable<string>): void {
  for (const name of new Set(topics)) access.demand({ kind: "topic", name, action: "read" })
}

/** Of what a group has to do with, what the caller may know of. */
export const ofReadable = <T extends { readonly topic: string }>(access: Access, all: readonly T[]): T[] =>
  all.filter(({ topic }) => mayRead(access, topic))
