import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";
import { diff } from "@graphql-inspector/core";
import { buildClientSchema, buildSchema, getIntrospectionQuery } from "graphql";
import { STAY, rooms, run } from "./world.mjs";

const tool = (name, ...parameters) => execFileSync("npx", [name, ...parameters], { encoding: "utf8", stdio: "pipe" });

test("graphql-codegen reads the running server, its types compile, and its documents run", async () => {
  tool("graphql-codegen", "--config", "codegen.mjs");
  tool("tsc", "--project", "tsconfig.json");
  const documents = JSON.parse(readFileSync("codegen/__generated__/persisted-documents.json", "utf8"));
  const search = Object.values(documents).find((text) => text.startsWith("query Search"));
  await rooms(2);
  const { searchListings } = await run(null, search, { stay: STAY, first: 2 });
  assert.equal(searchListings.nodes.length, 2);
});

test("graphql-inspector finds no difference between the server and the contract", async () => {
  const served = buildClientSchema(await run(null, getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true })));
  const written = buildSchema(readFileSync("../schema.graphql", "utf8"));
  // Introspection does not include applied directives, so the cost directives are not compared.
  const changes = (await diff(written, served)).filter(({ path, type }) => !/directive/i.test(type) && !path?.startsWith("@"));
  assert.deepEqual(changes.map(({ message }) => message), []);
});

test("graphql-eslint finds no problem in the contract and the examples", () => {
  // From the root folder, because the configuration covers the folders below the current one.
  const parameters = ["--config", "clients/eslint.config.mjs", "schema.graphql", "tests/operations"];
  execFileSync("clients/node_modules/.bin/eslint", parameters, { cwd: "..", encoding: "utf8", stdio: "pipe" });
});
