import type { Item, MetaStore, MetaTable, Query } from "./meta-store.ts"

/**
 * All items of a query (up to its `limit`), over as many pages as it takes, empty ones included. `date` is the first
 * page's, the oldest: what is judged by it is judged carefully. Throws as `queryPage` does.
 */
export async function queryItems(
  meta: MetaStore,
  table: MetaTable,
  query: Query,
): Promise<{ items: Item[]; date: number }> {
  const items: Item[] = []
  let date: number | undefined
  let after: string | undefined
  do {
    const left = query.limit === undefined ? undefined : { limit: query.limit - items.length }
    const page = await meta.queryPage(table, { ...query, ...left }, after)
    for (const item of page.items) items.push(item)
    date ??= page.date
    after = page.next
  } while (after !== undefined && (query.limit === undefined || items.length < query.limit))
  return { items, date }
}
