// A process of its own for the tests of the folder's lock and of crashes: opens the folder, says so, and does as told.
import { openLocalStores } from "../../shared/storage/local/local-stores.ts"
import { absent, bytes, FAR_AHEAD, makeItem } from "./support-items.ts"

const [folder, mode] = process.argv.slice(2)

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  const stores = await openLocalStores(folder!)
  say("opened")
  if (mode === "write") await writeForEver(stores)
  else if (mode === "fill") await writeUntilRefused(stores)
  else setInterval(() => {}, 60_000)
} catch (error) {
  say(`failed ${(error as { code?: string }).code} ${(error as Error).message}`)
}

/** Writes items and objects side by side and says which ones were acknowledged, until it is killed. */
async function writeForEver(stores: Awaited<ReturnType<typeof openLocalStores>>): Promise<void> {
  const { items } = (await stores.meta.get("meta", { pk: "rounds", sk: "next" })).item?.fields ?? { items: 0 }
  const round = Number(items)
  await stores.meta.put("meta", makeItem("rounds", "next", { v: 1, items: round + 1 }))
  const lane = async (lane: number): Promise<void> => {
    for (let at = 0; ; at++) {
      const name = `${round}-${lane}-${at}`
      if (lane % 4 === 0) {
        const options = { ifAbsent: true, notAfter: FAR_AHEAD }
        const outcome = await stores.objects.put(
          `o/${lane}/${name}`,
          [bytes(10_000, at), bytes(999)],
          options,
        )
        if (outcome.outcome === "committed") say(`object ${lane} ${name} ${at}`)
      } else {
        const outcome = await stores.meta.put("log", makeItem(`lane ${lane}`, name, { v: 1, at }), absent)
        if (outcome.outcome === "committed") say(`item ${lane} ${name} ${at}`)
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, at) => lane(at)))
}

/** Writes items until the disk takes no more, says what that was called, and closes. */
async function writeUntilRefused(stores: Awaited<ReturnType<typeof openLocalStores>>): Promise<void> {
  for (let at = 0; ; at++) {
    const item = makeItem("full", String(at).padStart(4, "0"), { v: 1, x: bytes(20_000) })
    const outcome = await stores.meta.put("log", item)
    if (outcome.outcome === "committed") continue
    const first = await stores.meta.get("log", { pk: "full", sk: "0000" })
    say(`${outcome.outcome} ${at} ${first.item?.version === undefined ? "unread" : "read"}`)
    break
  }
  await stores.close()
  say("closed")
}
