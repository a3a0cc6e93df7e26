import { InvalidArgumentError, Option } from "commander"

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

/** `--url`, which every command that talks to a server has. */
export function urlOption(): Option {
  return new Option("--url <url>", "where the server answers")
    .env("MILLRACE_URL")
    .default("http://127.0.0.1:7070")
}

export interface UrlOption {
  readonly url: string
}
