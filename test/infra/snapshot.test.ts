import { expect, test } from "vitest"
import { synthesize } from "./support.ts"

/** Assets are named by their content, which is not what this is about. */
function normalised(template: object): unknown {
  return JSON.parse(JSON.stringify(template).replaceAll(/[0-9a-f]{64}/g, "HASH"))
}

test("the default template", () => {
  expect(normalised(synthesize().template.toJSON())).toMatchSnapshot()
})

test("what a journal and signatures add", () => {
  const plain = Object.keys(synthesize().template.toJSON().Resources)
  const full = synthesize({ journal: true, dashboard: true, authentication: { iam: true } }).template.toJSON()
  const added = Object.entries(full.Resources as Record<string, { Type: string }>)
    .filter(([id]) => !plain.includes(id))
    .map(([id, { Type }]) => `${Type} ${id}`)
  expect(added.sort()).toMatchSnapshot()
})
