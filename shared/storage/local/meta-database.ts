import type { Database, RootDatabase } from "lmdb"
import { open } from "lmdb"
import { StorageError } from "../errors.ts"
import type { MetaTable } from "../meta-store.ts"
import { checkDatabaseFile } from "./database-file.ts"

/** The version of the folder's layout and of the database's own entries. */
const LAYOUT = "1"
/** LMDB's keys may fill half a page: 4,026 bytes of this one, where 2,050 are needed. */
const PAGE_BYTES = 8_192
/** Reserved address space, not memory or disk; it spares the first remappings. */
const MAP_BYTES = 256 * 1024 * 1024

type Bytes = Database<Buffer, Buffer>

/** The LMDB environment of a data folder and its databases. */
export interface MetaDatabase {
  readonly root: RootDatabase<Buffer, Buffer>
  readonly tables: Readonly<Record<MetaTable, Bytes>>
  /** token → date and digest of the transaction it stands for. */
  readonly tokens: Bytes
  /** Facts of the store itself. */
  readonly facts: Bytes
}

const LAYOUT_KEY = Buffer.from("layout")
const CEILING_KEY = Buffer.from("date")

/**
 * Opens the database, making it where neither it nor an object is. Throws `StorageError`: `unknown_format` when the
 * folder was written by a later layout, `corrupt` when the file is damaged or gone.
 */
export async function openMetaDatabase(path: string, objectFolder: string): Promise<MetaDatabase> {
  await checkDatabaseFile(path, objectFolder)
  const root: RootDatabase<Buffer, Buffer> = open<Buffer, Buffer>({
    path,
    encoding: "binary",
    keyEncoding: "binary",
    pageSize: PAGE_BYTES,
    mapSize: MAP_BYTES,
    // A commit is seen only once it is durable: nobody may read, and tell others, what a power failure takes back.
    overlappingSync: false,
    // It would promise the commit to nobody: a full disk would end the process. `MetaCommits` gathers writes itself.
    eventTurnBatching: false,
  })
  const table = (name: string): Bytes =>
    root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" })
  const facts = table("facts")
  const layout = facts.getBinary(LAYOUT_KEY)?.toString()
  if (layout === undefined) await facts.put(LAYOUT_KEY, Buffer.from(LAYOUT))
  else if (layout !== LAYOUT) {
    await root.close()
    throw new StorageError("unknown_format", `${path}: expected layout ${LAYOUT}, got ${layout}`)
  }
  return { root, facts, tokens: table("tokens"), tables: { log: table("log"), meta: table("meta") } }
}

export function readCeiling(database: MetaDatabase): number {
  return database.facts.getBinary(CEILING_KEY)?.readDoubleBE(0) ?? 0
}

/** Inside a transaction. */
export function writeCeiling(database: MetaDatabase, ceiling: number): void {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(ceiling)
  database.facts.put(CEILING_KEY, bytes)
}
