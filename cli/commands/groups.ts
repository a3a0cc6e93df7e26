import { Command, InvalidArgumentError } from "commander"
import type { GroupDescription, GroupLag, GroupListing, OffsetReset } from "../../shared/log/groups/types.ts"
import { exitCodes, Failure } from "../failure.ts"
import { path, Server } from "../http.ts"
import { integer, reaching, type ServerOptions } from "../options.ts"
import { print, say } from "../output.ts"
import { textTable } from "../text-table.ts"

interface JsonOption extends ServerOptions {
  readonly json?: boolean
}

async function list({ json, ...options }: JsonOption): Promise<void> {
  const { groups } = await new Server(options).json<{ groups: GroupListing[] }>("/groups")
  if (json) return print(`${JSON.stringify(groups)}\n`)
  await print(
    textTable(
      ["group", "state"],
      groups.map(({ group, state }) => [group, state]),
      [],
    ),
  )
}

async function describe(group: string, { json, ...options }: JsonOption): Promise<void> {
  const found = await new Server(options).json<GroupDescription>(path`/groups/${group}`)
  if (json) return print(`${JSON.stringify(found)}\n`)
  const { state, epoch, assignor, members } = found
  const rows = members.map(member => [
    member.instanceId === undefined ? member.member : `${member.member} (${member.instanceId})`,
    `${member.memberEpoch}`,
    new Date(member.deadline).toISOString(),
    member.assignment.map(({ topic, partitions }) => `${topic}: ${partitions.join(",")}`).join("; ") || "-",
  ])
  const table =
    members.length === 0 ? "" : textTable(["member", "epoch", "deadline", "reads"], rows, [false, true])
  await print(`state=${state}\nepoch=${epoch}\nassignor=${assignor}\n${table}`)
}

async function lag(group: string, { json, ...options }: JsonOption): Promise<void> {
  const { lags } = await new Server(options).json<{ lags: GroupLag[] }>(path`/groups/${group}/lag`)
  if (json) return print(`${JSON.stringify(lags)}\n`)
  const rows = lags.map(({ topic, partition, offset, endOffset, lag: behind, member = "-" }) => [
    topic,
    `${partition}`,
    `${offset}`,
    `${endOffset}`,
    `${behind}`,
    member,
  ])
  const right = [false, true, true, true, true, false]
  await print(textTable(["topic", "partition", "committed", "end", "lag", "member"], rows, right))
}

/** `earliest`, `latest`, an offset, or a time as ISO 8601 has it. */
function target(text: string): OffsetReset["to"] {
  if (text === "earliest" || text === "latest") return text
  if (/^\d+$/.test(text)) return integer(0, Number.MAX_SAFE_INTEGER)(text)
  const timestamp = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(timestamp)) {
    throw new InvalidArgumentError(
      "Expected earliest, latest, an offset or a time such as 2026-01-31T12:00:00Z.",
    )
  }
  return { timestamp }
}

interface ResetOptions extends ServerOptions {
  readonly topic: string
  readonly partition?: number
  readonly to: OffsetReset["to"]
}

async function reset(group: string, { topic, partition, to, ...options }: ResetOptions): Promise<void> {
  const response = await new Server(options).call(path`/groups/${group}/offsets`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ offsets: [{ topic, partition, to }] }),
  })
  const { offsets } = (await response.json()) as { offsets: GroupLag[] }
  const set = offsets.filter(each => each.topic === topic && (partition ?? each.partition) === each.partition)
  if (set.length === 0) throw new Failure(exitCodes.failed, `nothing of ${topic} was set`)
  const rows = set.map(each => [each.topic, `${each.partition}`, `${each.offset}`])
  await print(textTable(["topic", "partition", "committed"], rows, [false, true, true]))
}

async function remove(group: string, options: ServerOptions): Promise<void> {
  await new Server(options).call(path`/groups/${group}`, { method: "DELETE" })
  say(`Deleted group ${group}.`)
}

const json = ["--json", "print JSON"] as const

export function groupsCommand(): Command {
  const groups = new Command("groups").description(
    "List, describe, reset and delete consumer groups; tell their lag.",
  )
  reaching(groups.command("list"))
    .description("Print the groups and their states.")
    .option(...json)
    .action(list)
  reaching(groups.command("describe"))
    .description("Print a group's members and what they read.")
    .argument("<group>")
    .option(...json)
    .action(describe)
  reaching(groups.command("lag"))
    .description("Print how far a group is behind in each partition.")
    .argument("<group>")
    .option(...json)
    .action(lag)
  reaching(groups.command("reset"))
    .description("Set a topic's offsets of a group that has no members.")
    .argument("<group>")
    .requiredOption("--topic <topic>", "of which topic")
    .option("--partition <n>", "of one partition; default: all", integer(0, 2 ** 31 - 1))
    .requiredOption(
      "--to <where>",
      "earliest, latest, an offset, or a time such as 2026-01-31T12:00:00Z",
      target,
    )
    .action(reset)
  reaching(groups.command("delete"))
    .description("Forget a group and its offsets.")
    .argument("<group>")
    .action(remove)
  return groups
}
