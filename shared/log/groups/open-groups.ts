import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import type { Log } from "../types.ts"
import type { Groups } from "./types.ts"

/** What groups know of the log. */
export type GroupsLog = Pick<Log, "topic" | "topicById" | "listTopics" | "offsets" | "offsetForTimestamp">

/** Opens the groups over the log's ports. Nothing is read until it is asked for. */
export function openGroups(_ports: Ports, _log: GroupsLog): Groups {
  const absent = () => Promise.reject(new LogError("overloaded", "groups are not built yet"))
  return {
    heartbeat: absent,
    leave: absent,
    commit: absent,
    committed: absent,
    setOffsets: absent,
    list: absent,
    describe: absent,
    lag: absent,
    delete: absent,
    checkFetch: absent,
    offsetSteps: absent,
    expire: absent,
  }
}
