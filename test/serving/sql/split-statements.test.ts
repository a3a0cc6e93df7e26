import fc from "fast-check"
import { expect, test } from "vitest"
import { splitStatements } from "../../../shared/serving/sql/split-statements.ts"

const split = (sql: string) => splitStatements(sql).map(({ start, end }) => sql.slice(start, end))

test.each([
  ["SELECT 1", ["SELECT 1"]],
  [" SELECT 1 ; ; SELECT 2;", ["SELECT 1", "SELECT 2"]],
  ["SELECT ';', \";\", 'it''s; ', e'\\';', 'x\\'", ["SELECT ';', \";\", 'it''s; ', e'\\';', 'x\\'"]],
  ["SELECT $$;$$, $a$ ; $$ $a$; x", ["SELECT $$;$$, $a$ ; $$ $a$", "x"]],
  ["SELECT a$b; SELECT $1; SELECT 2", ["SELECT a$b", "SELECT $1", "SELECT 2"]],
  ["-- a;b\nSELECT 1 -- c;d", ["SELECT 1"]],
  ["/* a; /* b; */ c; */ SELECT /* ; */ 1 /* ; */", ["SELECT /* ; */ 1"]],
  ["SELECT 1 /* no end", ["SELECT 1 /* no end"]],
  ["SELECT 'no end; ", ["SELECT 'no end; "]],
  ["", []],
  [" ;; -- nothing", []],
])("%j", (sql, expected) => {
  expect(split(sql)).toEqual(expected)
})

test("any texts, once quoted, come back one by one", () => {
  const quoted = fc.oneof(
    fc.string().map(text => `SELECT '${text.replaceAll("'", "''")}'`),
    fc.string().map(text => `SELECT "${text.replaceAll('"', '""')}"`),
    fc.string().map(text => `SELECT $q$${text.replaceAll("$", "")}$q$`),
  )
  fc.assert(
    fc.property(fc.array(quoted), statements => {
      expect(split(statements.map(sql => `${sql} /* ; ' */ ;\n`).join("-- ; '\n"))).toEqual(statements)
    }),
  )
})
