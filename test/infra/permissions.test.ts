import { expect, test } from "vitest"
import { allowed, flat, resourcesOf, type Statement, statementsByRole, synthesize } from "./support.ts"

// One synthesis with everything that asks for rights.
const { template } = synthesize({ journal: true, dashboard: true, authentication: { iam: true } })
const roles = statementsByRole(template)
const rightsOf = (name: string) => allowed(roles.get(`Functions${name}Role`) ?? [])

const all = [...roles.values()].flat()

test("every function has a role of its own that nobody else may take on", () => {
  const functions = Object.values(resourcesOf(template, "AWS::Lambda::Function"))
  const taken = functions.map(({ Properties }) => flat(Properties.Role))
  expect(new Set(taken).size).toBe(functions.length)
  for (const { Properties } of Object.values(resourcesOf(template, "AWS::IAM::Role"))) {
    const { Statement } = Properties.AssumeRolePolicyDocument as {
      Statement: (Statement & { Principal: unknown })[]
    }
    expect(Statement.map(it => it.Principal)).toEqual([{ Service: "lambda.amazonaws.com" }])
    expect(Properties.ManagedPolicyArns).toBeUndefined()
  }
})

test("no right has a wildcard for its action, and one action alone no resource", () => {
  const lines = allowed(all)
  expect(lines.filter(line => line.split(" ")[0]?.includes("*"))).toEqual([])
  expect(lines.filter(line => line.endsWith(" *"))).toEqual(["dynamodb:ListStreams *"])
})

test("wildcards in resources are prefixes of keys in the bucket, and definitions", () => {
  const wild = allowed(all).filter(line => line.includes("*") && !line.endsWith(" *"))
  const kinds = new Set(wild.map(line => line.split(" ")[1]))
  expect([...kinds].sort()).toEqual([
    "<StorageBucket.Arn>/dead/*",
    "<StorageBucket.Arn>/res/*",
    "<StorageBucket.Arn>/seg/*",
    "<StorageBucket.Arn>/snap/*",
    "<StorageBucket.Arn>/tab/*",
    "<StorageBucket.Arn>/wal/*",
    "arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*.json",
  ])
})

test("each function may do what it does, and nothing else", () => {
  const names = ["Api", "Query", "Dispatch", "Build", "Journal", "Maintain", "Deploy"]
  expect(Object.fromEntries(names.map(name => [name, rightsOf(name)]))).toMatchSnapshot()
})

test("only readers read: dispatch writes nothing, and query answers that are kept and queries that run", () => {
  const writes = /:(Put|Delete|Update|Send|Batch|Create(?!LogStream))/
  for (const name of ["Query", "Dispatch"]) {
    const found = rightsOf(name).filter(line => writes.test(line) && !line.startsWith("logs:"))
    const items =
      / <StorageMetaTable.Arn> if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":\["running-queries"\]}}$/
    const others = found.filter(line => !/^s3:\w+Object <StorageBucket.Arn>\/res\/\*$/.test(line))
    expect(others.filter(line => !items.test(line))).toEqual([])
  }
})

test("keys are written by who makes and revokes them, and by nobody else", () => {
  const writes = /^dynamodb:(?!Get|Query|ConditionCheck|Describe|List)\S+ <StorageMetaTable.Arn>(.*)$/
  const guarded =
    /^ if {"ForAllValues:String(NotEquals":{"dynamodb:LeadingKeys":\["keys"|Equals":{"dynamodb:LeadingKeys":\["running-queries")\]}}$/
  const writers = [...roles].flatMap(([role, statements]) =>
    allowed(statements).flatMap(line => {
      const condition = writes.exec(line)?.[1]
      return condition === undefined ? [] : [{ role, condition }]
    }),
  )
  const unguarded = new Set(
    writers.filter(({ condition }) => !guarded.test(condition)).map(({ role }) => role),
  )
  expect([...unguarded].sort()).toEqual(["FunctionsApiRole", "FunctionsDeployRole"])
  expect(new Set(writers.map(({ role }) => role)).size).toBeGreaterThan(unguarded.size)
})

test("maintain alone deletes slots and objects, but for kept answers", () => {
  const deletes = (lines: readonly string[]) =>
    lines.filter(
      line => /LogTable|s3:/.test(line) && /Delete|BatchWrite/.test(line) && !line.includes("/res/*"),
    )
  expect(deletes(allowed(all))).toEqual(deletes(rightsOf("Maintain")))
  expect(deletes(rightsOf("Maintain")).map(line => line.split(" ")[0])).toEqual([
    "dynamodb:BatchWriteItem",
    ...Array<string>(4).fill("s3:DeleteObject"),
  ])
})

test("who calls functions is named: two gateways and the tick", () => {
  const sources = Object.values(resourcesOf(template, "AWS::Lambda::Permission")).map(
    ({ Properties }) => `${Properties.Principal} ${Properties.SourceArn === undefined ? "any" : "one"}`,
  )
  expect(new Set(sources)).toEqual(new Set(["apigateway.amazonaws.com one", "events.amazonaws.com one"]))
})
