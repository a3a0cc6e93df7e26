import { createRequire } from "node:module"
import { Command } from "commander"
import { consumeCommand } from "./commands/consume.ts"
import { groupsCommand } from "./commands/groups.ts"
import { jobsCommand } from "./commands/jobs.ts"
import { keysCommand } from "./commands/keys.ts"
import { planCommand } from "./commands/plan.ts"
import { produceCommand } from "./commands/produce.ts"
import { queryCommand } from "./commands/query.ts"
import { redriveCommand } from "./commands/redrive.ts"
import { runCommand } from "./commands/run.ts"
import { segmentsCommand } from "./commands/segments.ts"
import { startCommand } from "./commands/start.ts"
import { tablesCommand } from "./commands/tables.ts"
import { topicsCommand } from "./commands/topics.ts"

const exitStatuses = `
Exit status: 0 done, 1 the server refused or failed, 2 wrong usage, 3 no server at the URL.
Data goes to stdout, all else to stderr. NO_COLOR is honoured.`

function ownVersion(): string {
  // By its name, since this file lies elsewhere when it is compiled.
  const require = createRequire(import.meta.url)
  return (require("millrace/package.json") as { version: string }).version
}

/** The whole command line. Wrong usage throws commander's error instead of ending the process. */
export function program(): Command {
  const root = new Command("millrace")
    .description("A real-time streaming platform: events in over HTTP, SQL out.")
    .version(ownVersion(), "--version", "print the version")
    .addHelpText("after", exitStatuses)
    .showHelpAfterError("(--help tells more)")
    .exitOverride()
  const commands = [
    startCommand,
    planCommand,
    runCommand,
    topicsCommand,
    groupsCommand,
    tablesCommand,
    segmentsCommand,
    produceCommand,
    consumeCommand,
    queryCommand,
  ]
  for (const command of [...commands, jobsCommand, keysCommand, redriveCommand]) root.addCommand(command())
  for (const command of root.commands) inherit(command, root)
  return root
}

// `addCommand` copies no settings, unlike `command()`.
function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent)
  for (const child of command.commands) inherit(child, command)
}
