import { afterAll, describe, test } from "vitest"
import { openEndpoint } from "../../localstack/endpoint.ts"
import { answersAstray } from "./contract-aws-answers.ts"
import { metaStoreContract } from "./contract-meta-store.ts"
import { objectStoreContract } from "./contract-object-store.ts"
import { emulatedStores } from "./support-aws.ts"

const endpoint = await openEndpoint()

if ("skipped" in endpoint) {
  // The run's last lines take the reason from between the brackets.
  const reason = endpoint.skipped.replace(/[[\]]/g, "'")
  describe(`aws [skipped: ${reason}]`, () => {
    test.skip("object store", () => {})
    test.skip("meta store", () => {})
  })
} else {
  afterAll(() => endpoint.stop())
  const open = emulatedStores(endpoint.url)
  objectStoreContract("aws", () => open())
  metaStoreContract("aws", () => open())
  answersAstray(open)
}
