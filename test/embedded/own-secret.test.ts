import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { ownSecret, secretVariable } from "../../shared/embedded/jobs/own-secret.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace-secret-"))
afterAll(() => rmSync(folder, { recursive: true }))

test("a secret is a variable, or a file that one names", async () => {
  expect(secretVariable("crm-token.v2")).toBe("MILLRACE_SECRET_CRM_TOKEN_V2")
  const file = join(folder, "token")
  writeFileSync(file, "in a file\n")
  const environment = { MILLRACE_SECRET_CRM: "in a variable", MILLRACE_SECRET_MAIL_FILE: file }
  expect(await ownSecret("crm", environment)).toBe("in a variable")
  expect(await ownSecret("mail", environment)).toBe("in a file")
})

test("what is missing is told by its variable, and nothing of any value is", async () => {
  const expected =
    "expected the environment variable MILLRACE_SECRET_CRM, or MILLRACE_SECRET_CRM_FILE with the path of a file"
  await expect(ownSecret("crm", { MILLRACE_SECRET_CRM: "" })).rejects.toThrow(
    `secret crm is missing: ${expected}`,
  )
  const file = join(folder, "none")
  await expect(ownSecret("crm", { MILLRACE_SECRET_CRM_FILE: file })).rejects.toThrow(
    `secret crm: MILLRACE_SECRET_CRM_FILE: ${file} cannot be read: ENOENT`,
  )
  expect(await ownSecret("crm", { MILLRACE_SECRET_CRM: "x" })).toBe("x")
})
