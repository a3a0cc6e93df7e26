import { rmSync } from "node:fs"
import { dist } from "./places.ts"
import { manifestSwap } from "./swap.ts"

// After `npm pack`: leaves the repository as it was. What was built is in the tarball.
manifestSwap().restore()
rmSync(dist, { recursive: true, force: true })
