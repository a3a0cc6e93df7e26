import { toJsonSchema } from "@valibot/to-json-schema"
import { scopeText } from "./auth/scopes.ts"
import type { AnswerDoc, Content, Route } from "./route.ts"
import type { Schema } from "./validate.ts"

type Json = Record<string, unknown>

/** What a schema accepts of a body (`input`), or, for text parameters, what the text stands for (`output`). */
function jsonSchema(schema: Schema, typeMode: "input" | "output"): Json {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    typeMode,
    target: "draft-2020-12",
    errorMode: "ignore",
  })
  return rest
}

function parameters(where: "path" | "query" | "header", schema: Schema): Json[] {
  const { properties = {}, required = [] } = jsonSchema(schema, "output") as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }))
}

function content(types: Content): Json {
  return Object.fromEntries(
    Object.entries(types).map(([type, schema]) => [
      type,
      schema === undefined ? {} : { schema: jsonSchema(schema, "input") },
    ]),
  )
}

const errorContent = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } }

function answer(status: string, { description, content: types }: AnswerDoc): Json {
  if (types !== undefined) return { description, content: content(types) }
  return Number(status) >= 400 ? { description, content: errorContent } : { description }
}

/** What a caller needs, as scopes; path parameters stand in them as in the path. */
function needsText({ access, path }: Route): string | undefined {
  if (typeof access === "string") return undefined
  const places = Object.fromEntries(
    [...path.matchAll(/:(\w+)/g)].map(([, place = ""]) => [place, `{${place}}`]),
  )
  const needs = typeof access === "object" ? [access] : access(places)
  return `Needs ${needs.map(need => `\`${scopeText(need)}\``).join(" or ")}.`
}

const secured = [{ bearer: [] }, { basic: [] }]

const securityAnswers = {
  401: { description: "No key or token, or none that counts here.", content: errorContent },
  403: { description: "No scope of the caller includes what the request needs.", content: errorContent },
}

function operation(route: Route): Json {
  const { schemas, body } = route
  const isPublic = route.access === "public"
  const description = [route.description, needsText(route)].filter(text => text !== undefined).join(" ")
  return {
    operationId: route.id,
    summary: route.summary,
    ...(description === "" ? {} : { description }),
    security: isPublic ? [] : secured,
    parameters: [
      ...parameters("path", schemas.path),
      ...parameters("query", schemas.query),
      ...parameters("header", schemas.headers),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            description: body.description,
            required: body.required,
            content: content(body.content),
          },
        }),
    responses: {
      ...(isPublic ? {} : securityAnswers),
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, doc]) => [status, answer(status, doc)]),
      ),
      default: { description: "Any other failure.", content: errorContent },
    },
  }
}

const errorSchema = {
  type: "object",
  required: ["error_code", "message", "reason"],
  properties: {
    error_code: { type: "integer", description: "Kafka REST's code." },
    message: { type: "string", description: "What is wrong, where, and what was expected." },
    reason: { type: "string", description: "The failure's name, for programs." },
  },
}

const securitySchemes = {
  bearer: { type: "http", scheme: "bearer", description: "A key, or a token of the issuer." },
  basic: { type: "http", scheme: "basic", description: "Any user name; the password is the key or token." },
}

/** The routes as an OpenAPI 3.1 document, made from the schemas that check requests. */
export function openapiText(routes: readonly Route[]): string {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}")
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return JSON.stringify({
    openapi: "3.1.0",
    info: {
      title: "Millrace",
      version: "0.1.0",
      description: "Events in, SQL out. Records as Kafka REST v2, queries as a Pinot broker.",
    },
    paths,
    components: { schemas: { Error: errorSchema }, securitySchemes },
  })
}
