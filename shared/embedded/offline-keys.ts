import { keyStore } from "../api/auth/keys.ts"
import type { KeyStore } from "../api/auth/types.ts"
import { localClock } from "../storage/local/clock.ts"
import { openLocalStores } from "../storage/local/local-stores.ts"
import { localRandom } from "../storage/local/random.ts"

/**
 * Uses the keys of a data folder whose server is stopped; the folder is made if need be.
 * Throws `StorageError` (`folder_in_use`, `folder_unusable`, `unknown_format`, `corrupt`).
 */
export async function withOfflineKeys<T>(folder: string, use: (keys: KeyStore) => Promise<T>): Promise<T> {
  const stores = await openLocalStores(folder)
  try {
    return await use(keyStore({ meta: stores.meta, clock: localClock(), random: localRandom() }))
  } finally {
    await stores.close()
  }
}
