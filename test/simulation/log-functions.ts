import { openLog } from "../../shared/log/open-log.ts"
import type { LogOptions } from "../../shared/log/options.ts"
import type { Log } from "../../shared/log/types.ts"
import { type EnvironmentPlan, Environments } from "./environments.ts"
import type { LogHistory } from "./log-history.ts"
import { type Host, LogHosts } from "./log-hosts.ts"
import { drawSkew } from "./log-scenario.ts"
import type { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import type { Called } from "./sim-task.ts"
import type { World } from "./world.ts"

/** The log behind a function: every request comes to some environment, warm or new, and no two to one at once. */
export class LogFunctions extends LogHosts {
  readonly environments: Environments<Host>
  /** Stands for the function: whatever is called in it goes to an environment of its own choice. */
  readonly #function: Host

  constructor(world: World, history: LogHistory, options: Partial<LogOptions>, plan: EnvironmentPlan) {
    super(world, history, options)
    const prng = world.prng.fork("functions")
    this.environments = new Environments(world, {
      name: "api",
      plan,
      open: (process, ports) => ({
        spec: { name: process.label, skewMs: process.skewMs },
        process,
        log: openLog(ports, options),
        calls: new Set(),
      }),
      settle: ({ log }) => log.idle(),
      skewMs: () => drawSkew(prng),
    })
    const process = world.process("api", { faults: false })
    const log = openLog(process.ports, options)
    this.#function = { spec: { name: "api", skewMs: 0 }, process, log, calls: new Set() }
  }

  override pick(_prng: Prng): Promise<Host> {
    return Promise.resolve(this.#function)
  }

  override call<T>(host: Host, work: (log: Log, process: SimProcess) => Promise<T>): Promise<Called<T>> {
    if (host !== this.#function) return super.call(host, work)
    return this.environments.invoke(({ log, process }) => work(log, process))
  }

  override get living(): Host[] {
    return [...super.living, ...this.environments.living.map(({ home }) => home)]
  }

  override stop(): void {
    super.stop()
    this.environments.release()
  }
}
