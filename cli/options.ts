import { type Command, InvalidArgumentError, Option } from "commander"

/** A commander parser of integers within bounds. */
export function integer(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected an integer, ${min} to ${max}.`)
    }
    return value
  }
}

/** A commander parser of an option that may be repeated. */
export const repeated = (text: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  text,
]

/** The options of every command that talks to a server. */
export function reaching(command: Command): Command {
  return command.addOption(urlOption()).addOption(keyOption())
}

function urlOption(): Option {
  return new Option("--url <url>", "where the server answers")
    .env("MILLRACE_URL")
    .default("http://127.0.0.1:7070")
}

/** `--key` is a record's in `produce`. */
function keyOption(): Option {
  return new Option("--api-key <key>", "the key or token that the server asks for").env("MILLRACE_KEY")
}

/** Where the server is, and what proves to it who asks. */
export interface ServerOptions {
  readonly url: string
  readonly apiKey?: string
}
