import { StorageError } from "../../shared/storage/errors.ts"
import type { Ports } from "../../shared/storage/time.ts"

/**
 * Ports that do nothing more once `signal` aborts: what was begun on them ends in errors, instead of going on behind the
 * back of whoever was told that it failed. What is under way just then ends as it may.
 */
export function stopping(ports: Ports, signal: AbortSignal): Ports {
  const read =
    <Given extends readonly unknown[], Answer>(call: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer> => {
      if (signal.aborted) throw new StorageError("unavailable", "stopped")
      return call(...given)
    }
  const write =
    <Given extends readonly unknown[], Answer>(call: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer | { readonly outcome: "unknown"; readonly cause: unknown }> =>
      signal.aborted ? { outcome: "unknown", cause: "stopped" } : call(...given)
  const { objects, meta } = ports
  return {
    ...ports,
    objects: {
      put: write((key, body, options) => objects.put(key, body, options)),
      get: read((key, range) => objects.get(key, range)),
      deleteMany: write(keys => objects.deleteMany(keys)),
      list: read((prefix, options) => objects.list(prefix, options)),
    } as Ports["objects"],
    meta: {
      get: read((table, key) => meta.get(table, key)),
      queryPage: read((table, query, after) => meta.queryPage(table, query, after)),
      put: write((table, item, options) => meta.put(table, item, options)),
      delete: write((table, key, options) => meta.delete(table, key, options)),
      deleteMany: write((table, keys) => meta.deleteMany(table, keys)),
      transact: write((steps, options) => meta.transact(steps, options)),
    } as Ports["meta"],
  }
}
