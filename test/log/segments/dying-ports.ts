import type { Ports } from "../../../shared/storage/time.ts"

export class Died extends Error {}

/** A process that dies at its write number `write`: before it is applied, or after. Every call from then on fails. */
export function dyingPorts(ports: Ports, write: number, phase: "before" | "after") {
  let writes = 0
  const died = () => writes > write || (writes === write && phase === "before")
  const wrapped = <T extends object>(store: T, writing: readonly string[]): T =>
    new Proxy(store, {
      get:
        (target, name) =>
        async (...args: unknown[]) => {
          if (writes >= write) throw new Died()
          const isWrite = writing.includes(String(name))
          if (isWrite) writes++
          if (died()) throw new Died()
          const answer = await (target as Record<string, (...given: unknown[]) => unknown>)[String(name)]!(
            ...args,
          )
          if (isWrite && writes >= write) throw new Died()
          return answer
        },
    })
  const dying: Ports = {
    ...ports,
    objects: wrapped(ports.objects, ["put", "deleteMany"]),
    meta: wrapped(ports.meta, ["put", "delete", "deleteMany", "transact"]),
  }
  return { ports: dying, writes: () => writes }
}
