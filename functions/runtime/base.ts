import { awsStores } from "../../shared/storage/aws/aws-stores.ts"
import { RequestLedger } from "../../shared/storage/aws/ledger.ts"
import { localRandom } from "../../shared/storage/local/random.ts"
import type { Ports } from "../../shared/storage/time.ts"
import type { FunctionEnvironment } from "../environment.ts"
import { awsCloud } from "./aws-cloud.ts"
import { frozenClock } from "./clock.ts"
import type { Cloud } from "./cloud.ts"
import type { Meter, Report } from "./report.ts"
import { pollingWake } from "./wake.ts"

/** What a function has of the world. */
export interface Base<Settings extends FunctionEnvironment = FunctionEnvironment> {
  readonly settings: Settings
  readonly ports: Ports
  readonly cloud: Cloud
  readonly report: Report
  readonly meter: Meter
  /** Counts what is asked of AWS, where the stack wants that told. */
  readonly ledger?: RequestLedger
}

/** The world on AWS, as the stack made it. Nothing is sent until something is asked for. */
export function awsBase<Settings extends FunctionEnvironment>(
  settings: Settings,
  report: Report,
  meter: Meter,
): Base<Settings> {
  const ledger = settings.MILLRACE_LEDGER === "1" ? new RequestLedger() : undefined
  const stores = awsStores({
    bucket: settings.MILLRACE_BUCKET,
    tables: { log: settings.MILLRACE_LOG_TABLE, meta: settings.MILLRACE_META_TABLE },
    // Emulators are told by this variable, which the SDK reads itself.
    pathStyle: process.env.AWS_ENDPOINT_URL !== undefined,
    ledger,
  })
  const clock = frozenClock()
  const ports: Ports = {
    objects: stores.objects,
    meta: stores.meta,
    clock,
    random: localRandom(),
    wake: pollingWake(clock),
  }
  const cloud = awsCloud({
    deadLetters: settings.MILLRACE_DEAD_LETTERS,
    timers: settings.MILLRACE_TIMERS,
    ledger,
  })
  return { settings, ports, cloud, report, meter, ...(ledger === undefined ? {} : { ledger }) }
}
