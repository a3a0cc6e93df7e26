import { memoryStores } from "../../shared/storage/memory/memory-stores.ts"
import { metaStoreContract } from "./contract-meta-store.ts"
import { objectStoreContract } from "./contract-object-store.ts"

const open = async () => ({ ...memoryStores({ date: () => Date.now() }), close: async () => {} })

objectStoreContract("memory", open)
metaStoreContract("memory", open)
