import { syncBuiltinESMExports } from "node:module"
import { isInPackage } from "./failure.ts"

// What a definition may not use: whatever may differ from one evaluation to the next. This guards against mistakes,
// not against malice: an app file is its user's own code, and `--permission` already denies writes and processes.

function refuse(what: string): never {
  throw new Error(
    `${what} is not available here: a definition reads no clock, randomness, environment or network`,
  )
}

type Target = Record<PropertyKey, unknown>

function forbid(target: object | undefined, owner: string, names: readonly string[]): void {
  for (const name of names) {
    if (target === undefined || !(name in target)) continue
    // A few of Node's are fixed getters that lead to what is refused elsewhere.
    if (Object.getOwnPropertyDescriptor(target, name)?.configurable === false) continue
    const refused = Object.assign(() => refuse(`${owner}${name}()`), (target as Target)[name])
    Object.defineProperty(target, name, { value: refused, configurable: true, writable: true })
  }
}

/** Every function of a module but its classes. */
function forbidFunctions(target: object, owner: string): void {
  const names = Object.keys(target).filter(
    name => typeof (target as Target)[name] === "function" && /^[a-z]/.test(name),
  )
  forbid(target, owner, names)
}

/**
 * Takes the clock, randomness, the environment and the network from this process.
 * @returns what is to be told of each of Node's modules before it is used
 */
export function restrict(): (builtin: string) => void {
  restrictClock()
  forbid(Math, "Math.", ["random"])
  forbid(Object.getPrototypeOf(globalThis.crypto), "crypto.", ["getRandomValues", "randomUUID"])
  forbid(Object.getPrototypeOf(globalThis.crypto.subtle), "crypto.subtle.", ["generateKey"])
  for (const name of ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"]) {
    if (!(name in globalThis)) continue
    const refused = function refused(): never {
      return refuse(name)
    }
    Object.defineProperty(globalThis, name, { value: refused, configurable: true, writable: true })
  }
  restrictEnvironment()
  const seen = new Set<string>()
  const onBuiltin = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    restrictBuiltin(name, getBuiltinModule)
  }
  const getBuiltinModule = process.getBuiltinModule.bind(process)
  const guarded = (name: string): object | undefined => {
    onBuiltin(name.replace(/^node:/, ""))
    return getBuiltinModule(name)
  }
  Object.defineProperty(process, "getBuiltinModule", { value: guarded })
  return onBuiltin
}

function restrictClock(): void {
  const RealDate = Date
  const guarded = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      args.length === 0 ? refuse("new Date()") : Reflect.construct(target, args, newTarget),
    apply: () => refuse("Date()"),
  })
  forbid(RealDate, "Date.", ["now"])
  RealDate.prototype.constructor = guarded
  globalThis.Date = guarded
  const format = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, "format")?.get
  Object.defineProperty(Intl.DateTimeFormat.prototype, "format", {
    configurable: true,
    get(): (moment?: Date) => string {
      const formatMoment = format?.call(this) as (moment?: Date) => string
      return moment => (moment === undefined ? refuse("Intl.DateTimeFormat's clock") : formatMoment(moment))
    },
  })
  forbid((globalThis as unknown as { Temporal?: { Now?: object } }).Temporal?.Now, "Temporal.Now.", [
    "instant",
    "plainDateISO",
    "plainDateTimeISO",
    "plainTimeISO",
    "zonedDateTimeISO",
    "timeZoneId",
  ])
  forbid(performance, "performance.", ["now", "mark", "measure", "toJSON"])
  Object.defineProperty(performance, "timeOrigin", { get: () => refuse("performance.timeOrigin") })
  forbid(process.hrtime, "process.hrtime.", ["bigint"])
  forbid(process, "process.", ["hrtime", "uptime", "cpuUsage", "memoryUsage", "resourceUsage"])
}

/** Packages may ask (many look at NODE_ENV while they load) and find it empty; an app's own files may not. */
function restrictEnvironment(): void {
  const look = (name?: PropertyKey): void => {
    const holder: { stack?: string } = {}
    Error.captureStackTrace(holder, look)
    // The first two lines are the message and the trap; after them native functions such as Object.keys may come.
    const caller =
      holder.stack?.split("\n").find((line, index) => index > 1 && !line.endsWith("(<anonymous>)")) ?? ""
    if (caller.includes("node:") || isInPackage(caller)) return
    refuse(name === undefined ? "process.env" : `process.env.${String(name)}`)
  }
  const environment = new Proxy<Record<string, string>>(Object.create(null), {
    get: (_, name) => look(name) as undefined,
    has: (_, name) => look(name) === null,
    ownKeys: () => look() ?? [],
    set: (_, name) => look(name) === undefined,
    getOwnPropertyDescriptor: (_, name) => look(name) as undefined,
  })
  Object.defineProperty(process, "env", { value: environment })
}

type GetBuiltin = (name: string) => object | undefined

/** Node's modules of whose functions nothing may be called. */
const FORBIDDEN_MODULES = ["dgram", "dns", "dns/promises", "http", "http2", "https", "net", "os", "tls"]
const RANDOM = /^(random|getRandom|generate|createDiffieHellman|createECDH|getDiffieHellman)/

/** Takes what is forbidden out of one of Node's modules, before anybody else sees it. */
function restrictBuiltin(name: string, getBuiltin: GetBuiltin): void {
  const module = getBuiltin(name) as Target | undefined
  if (module === undefined) return
  const owner = `node:${name}.`
  if (FORBIDDEN_MODULES.includes(name)) forbidFunctions(module, owner)
  if (name === "net") {
    forbid(prototypeOf(module.Socket), `${owner}Socket.`, ["connect"])
    forbid(prototypeOf(module.Server), `${owner}Server.`, ["listen"])
  }
  if (name === "dgram") forbid(prototypeOf(module.Socket), `${owner}Socket.`, ["bind", "connect", "send"])
  if (name.startsWith("dns")) {
    const resolver = prototypeOf(module.Resolver)
    forbid(resolver, `${owner}Resolver.`, Object.getOwnPropertyNames(resolver ?? {}).filter(isMethod))
  }
  if (name === "crypto")
    forbid(
      module,
      owner,
      Object.keys(module).filter(key => RANDOM.test(key)),
    )
  if (name === "process") restrictEnvironment()
  syncBuiltinESMExports()
}

function prototypeOf(made: unknown): object | undefined {
  return (made as { prototype?: object } | undefined)?.prototype
}

function isMethod(name: string): boolean {
  return name !== "constructor"
}
