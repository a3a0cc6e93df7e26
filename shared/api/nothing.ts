import * as v from "valibot"

/** No parameters of this kind; one that is sent is refused. */
export const nothing = v.strictObject({})

/** Headers that a route does not read. Others' headers are never refused: proxies and clients add theirs. */
export const anyHeaders = v.looseObject({})
