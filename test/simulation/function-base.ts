import type { Base } from "../../functions/runtime/base.ts"
import type { Invoker } from "../../functions/runtime/cloud.ts"
import type { Settings } from "../../functions/runtime/settings.ts"
import type { Ports } from "../../shared/storage/time.ts"

const SETTINGS = {
  MILLRACE_APP: "simulation",
  MILLRACE_STAGE: "test",
  MILLRACE_BUCKET: "bucket",
  MILLRACE_LOG_TABLE: "log",
  MILLRACE_META_TABLE: "meta",
  MILLRACE_STREAM: "stream",
  MILLRACE_BUILD_FUNCTION: "build",
  MILLRACE_DEAD_LETTERS: "dead-letters",
}

type AllSettings = Settings<"MILLRACE_STREAM" | "MILLRACE_BUILD_FUNCTION" | "MILLRACE_DEAD_LETTERS">

export interface Outer {
  /** Takes an event for another function. */
  invokeLater?: Invoker["invokeLater"]
  /** Takes a dead letter. */
  send?: (body: string) => Promise<void>
}

/** What a function of a simulated deployment has of its world. */
export function functionBase(ports: Ports, { invokeLater, send }: Outer): Base<AllSettings> {
  const absent = async () => {
    throw new Error("nothing of the kind in this world")
  }
  return {
    settings: SETTINGS,
    ports,
    cloud: {
      invoker: { invokeLater: invokeLater ?? absent, invoke: absent },
      deadLetters: { send: send ?? absent, receive: absent, remove: absent, count: absent },
      timers: { send: absent },
      outside: { readObject: absent, readSecret: absent },
    },
    report: { info() {}, warn() {}, error() {} },
    meter: { count() {}, async tellJob() {} },
  }
}
