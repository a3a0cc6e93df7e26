import { members } from "./events.ts"

// Prints the members' changes as NDJSON, for `millrace produce members --key memberId`.
for (const member of members({ count: 1_000 })) process.stdout.write(`${JSON.stringify(member)}\n`)
