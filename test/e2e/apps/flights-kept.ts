import { flightsOf } from "./flights-of.ts"

/** Records are kept for a month, in one more partition: a change that can be applied. */
export default flightsOf({ retention: "30d", partitions: 2 })
