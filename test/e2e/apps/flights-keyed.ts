import { flightsOf } from "./flights-of.ts"

/** Kept for a day, and read by a key: a change of which one half is refused, and so nothing is applied. */
export default flightsOf({ retention: "1d", partitions: 3, key: "origin" })
