/** Undefined where a header holds no credential that is known here. */
export function credentialOf(authorization: string): string | undefined {
  const [, scheme = "", rest = ""] = /^([A-Za-z]+) +(\S+) *$/.exec(authorization) ?? []
  switch (scheme.toLowerCase()) {
    case "bearer":
      return rest
    case "basic": {
      const pair = Buffer.from(rest, "base64").toString("utf8")
      const colon = pair.indexOf(":")
      // Whose key it is the key itself says: any user name will do.
      return colon < 0 ? undefined : pair.slice(colon + 1)
    }
    default:
      return undefined
  }
}

/** A JSON Web Token's look: three parts in base64url, the first of which begins as `{"` does. */
export const isTokenLike = (credential: string) => /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(credential)
