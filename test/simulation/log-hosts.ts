import { openLog } from "../../shared/log/open-log.ts"
import type { LogOptions } from "../../shared/log/options.ts"
import type { Log } from "../../shared/log/types.ts"
import type { LogHistory } from "./log-history.ts"
import type { HostSpec } from "./log-scenario.ts"
import type { Prng } from "./prng.ts"
import type { ProcessOptions, SimProcess } from "./sim-process.ts"
import type { Called } from "./sim-task.ts"
import type { World } from "./world.ts"

/** A dead process is started again within this time. */
const RESTART_MS_MAX = 3_600_000

/** A process that serves the log. */
export interface Host {
  readonly spec: HostSpec
  readonly process: SimProcess
  readonly log: Log
  /** Told when it dies: calls whose callers wait. */
  readonly calls: Set<() => void>
}

/** The processes of one run. Each opens the log over the shared stores; one that dies is started again. */
export class LogHosts {
  protected readonly world: World
  protected readonly options: Partial<LogOptions>
  readonly #history: LogHistory
  readonly #prng: Prng
  readonly #hosts = new Map<string, Host>()
  /** No more restarts. */
  protected stopped = false

  constructor(world: World, history: LogHistory, options: Partial<LogOptions>) {
    this.world = world
    this.#history = history
    this.options = options
    this.#prng = world.prng.fork("hosts")
  }

  /** @param options the process's own; what is started in place of a dead one has none of them */
  start(spec: HostSpec, options: Pick<ProcessOptions, "faults" | "crashAt"> = {}): Host {
    const process = this.world.process(spec.name, {
      ...options,
      skewMs: spec.skewMs,
      onCrash: () => this.#died(host),
    })
    const log = openLog(process.ports, this.options)
    const host: Host = { spec, process, log, calls: new Set() }
    this.#hosts.set(spec.name, host)
    // As every home does at its start.
    void this.call(host, () => log.recover())
    return host
  }

  #died(host: Host): void {
    for (const lost of host.calls) lost()
    this.#hosts.delete(host.spec.name)
    this.world.after(this.#prng.magnitude(10, RESTART_MS_MAX), () => {
      if (!this.stopped) this.start(host.spec)
    })
  }

  get living(): Host[] {
    return [...this.#hosts.values()]
  }

  /** Any living process; waits for one when all are dead. */
  async pick(prng: Prng): Promise<Host> {
    while (this.#hosts.size === 0) await this.pause(60_000)
    return prng.pick(this.living)
  }

  /** Everything is to come to an end: nothing stands still any more. */
  stop(): void {
    this.stopped = true
  }

  /** Runs `work` in the process, from outside it. Never rejects. */
  call<T>(host: Host, work: (log: Log, process: SimProcess) => Promise<T>): Promise<Called<T>> {
    if (host.process.crashed) return Promise.resolve({ state: "lost" })
    return new Promise(resolve => {
      const lost = () => resolve({ state: "lost" })
      host.calls.add(lost)
      const inside = async () => {
        try {
          const value = await work(host.log, host.process)
          resolve({ state: "done", value })
        } catch (error) {
          resolve({ state: "failed", error })
        } finally {
          host.calls.delete(lost)
        }
      }
      this.world.spawn(host.process, inside)
    })
  }

  /** A client's pause: it lives outside all processes. */
  pause(ms: number): Promise<void> {
    return new Promise(resolve => this.world.after(ms, resolve))
  }

  /** The answer, or undefined when it has not come after `ms`. */
  within<T>(answer: Promise<T>, ms: number): Promise<T | undefined> {
    return Promise.race([answer, this.pause(ms).then(() => undefined)])
  }

  violated(text: string): void {
    this.#history.violated(text)
  }
}
