import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

test("docs/clients.md shows the recipes as they are", () => {
  const page = readFileSync("../docs/clients.md", "utf8");
  const shown = [...page.matchAll(/<!-- (clients\/\S+) -->\n```\w+\n([\s\S]*?)```/g)];
  assert.ok(shown.length >= 7, "the recipes were not found");
  for (const [, file, text] of shown) assert.equal(text, readFileSync(`../${file}`, "utf8"), file);
});
