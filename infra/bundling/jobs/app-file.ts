import { readFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { extname } from "node:path"
import {
  type CallExpression,
  type Expression,
  type ModuleDeclaration,
  type Node,
  type Program,
  parse,
  type Statement,
  type VariableDeclaration,
} from "acorn"

const PACKAGE = "millrace"
const DEFINE_JOB = "defineJob"
/** Functions of the package that make data and do nothing else: a call whose result nobody uses may go. */
const DEFINERS = new Set([DEFINE_JOB, "defineApp", "table", "topic", "sink", "secret"])
const TYPESCRIPT = new Set([".ts", ".mts"])

/** What bundling a job needs to know of a file of an app. */
export interface AppFile {
  /** JavaScript, every line in its place. */
  readonly code: string
  /** Whether it defines things by the package's functions, and where those calls begin. */
  readonly pureCalls: readonly number[]
  /** Jobs that it gives a name of its own at its top: job name → variable. */
  readonly jobs: ReadonlyMap<string, string>
  /** Relative specifiers that it imports. */
  readonly imports: readonly string[]
}

/** Reads a module of an app by a parser. Throws what Node or the parser has to say of its syntax. */
export function readAppFile(path: string): AppFile {
  const text = readFileSync(path, "utf8")
  // As Node loads it: types become blanks, so that places stay what they are.
  const code = TYPESCRIPT.has(extname(path)) ? stripTypeScriptTypes(text, { mode: "strip" }) : text
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true })
  const definers = definersOf(program)
  const pureCalls: number[] = []
  const jobs = new Map<string, string>()
  for (const statement of program.body) {
    collectCalls(statement, call => {
      if (definers(call.callee) !== undefined) pureCalls.push(call.start)
    })
    for (const { id, init } of declarationOf(statement)?.declarations ?? []) {
      if (id.type !== "Identifier" || init?.type !== "CallExpression") continue
      const name = definers(init.callee) === DEFINE_JOB ? textOf(init.arguments[0]) : undefined
      if (name !== undefined) jobs.set(name, id.name)
    }
  }
  const imports = program.body.map(sourceOf).filter(it => it !== undefined && /^\.{1,2}\//.test(it))
  return { code, pureCalls, jobs, imports: imports as string[] }
}

/** The code with its definitions marked: esbuild then drops those that nothing refers to. */
export function withPureCalls({ code, pureCalls }: AppFile): string {
  let marked = ""
  let from = 0
  for (const start of [...pureCalls].sort((left, right) => left - right)) {
    marked += `${code.slice(from, start)}/* @__PURE__ */ `
    from = start
  }
  return marked + code.slice(from)
}

type TopLevel = Statement | ModuleDeclaration

/** Tells which of the package's functions a callee is; undefined: none. */
function definersOf({ body }: Program): (callee: Node) => string | undefined {
  const names = new Map<string, string>()
  const namespaces = new Set<string>()
  for (const statement of body) {
    if (statement.type !== "ImportDeclaration" || statement.source.value !== PACKAGE) continue
    for (const specifier of statement.specifiers) {
      if (specifier.type === "ImportNamespaceSpecifier") namespaces.add(specifier.local.name)
      if (specifier.type !== "ImportSpecifier") continue
      const { imported, local } = specifier
      const name = imported.type === "Identifier" ? imported.name : String(imported.value)
      if (DEFINERS.has(name)) names.set(local.name, name)
    }
  }
  return node => {
    const callee = node as Expression
    if (callee.type === "Identifier") return names.get(callee.name)
    if (callee.type !== "MemberExpression" || callee.computed) return undefined
    const { object, property } = callee
    if (object.type !== "Identifier" || !namespaces.has(object.name)) return undefined
    return property.type === "Identifier" && DEFINERS.has(property.name) ? property.name : undefined
  }
}

/** Where another meaning of a name may begin, or what is not run when the module is. */
const INNER = /Function|Class|BlockStatement|^For|^Switch|^Try/

/** Calls that the module makes in loading, in its own scope. */
function collectCalls(node: Node, found: (call: CallExpression) => void): void {
  if (INNER.test(node.type)) return
  if (node.type === "CallExpression") found(node as CallExpression)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === "string") collectCalls(child as Node, found)
    }
  }
}

function declarationOf(statement: TopLevel): VariableDeclaration | undefined {
  const it = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement
  return it?.type === "VariableDeclaration" ? it : undefined
}

function textOf(node: Node | undefined): string | undefined {
  const it = node as Expression | undefined
  if (it?.type === "Literal") return typeof it.value === "string" ? it.value : undefined
  const isPlain = it?.type === "TemplateLiteral" && it.quasis.length === 1
  return isPlain ? (it.quasis[0]?.value.cooked ?? undefined) : undefined
}

function sourceOf(statement: TopLevel): string | undefined {
  switch (statement.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
      return statement.source?.value as string | undefined
    default:
      return undefined
  }
}
