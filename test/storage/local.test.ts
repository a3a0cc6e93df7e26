import { localClock } from "../../shared/storage/local/clock.ts"
import { openLocalStores } from "../../shared/storage/local/local-stores.ts"
import { localRandom } from "../../shared/storage/local/random.ts"
import { localWake } from "../../shared/storage/local/wake.ts"
import { metaStoreContract } from "./contract-meta-store.ts"
import { objectStoreContract } from "./contract-object-store.ts"
import { timeContract } from "./contract-time.ts"
import { temporaryFolder } from "./support.ts"

const open = () => openLocalStores(temporaryFolder())

objectStoreContract("local", open)
metaStoreContract("local", open)
timeContract("local", body => body({ clock: localClock(), random: localRandom(), wake: localWake() }))
