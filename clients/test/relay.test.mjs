import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import babel from "@babel/core";
import { Suspense, act, createElement } from "react";
import { RelayEnvironmentProvider } from "react-relay";
import renderer from "react-test-renderer";
import { environment } from "../relay/environment.mjs";
import { Session } from "../recipes/session.mjs";
import { URL, book, bookable, guest } from "./world.mjs";

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

/** Compiles the documents against the contract, then the component that has them. */
async function compiled() {
  execFileSync("npx", ["relay-compiler"], { stdio: "pipe" });
  const source = readFileSync("relay/Trips.js", "utf8");
  const options = { plugins: [["relay", { eagerEsModules: true }]], filename: "relay/Trips.js", babelrc: false };
  const { code } = babel.transformSync(source, options);
  // Node wants the endings that bundlers add by themselves.
  writeFileSync("relay/__generated__/Trips.mjs", code.replace(/"\.\/__generated__\/([^"]+)"/g, '"./$1.js"').replace(/\.js\.js"/g, '.js"'));
  return import("../relay/__generated__/Trips.mjs");
}

test("Relay compiles the contract, pages through a refetchable fragment, and refetches it", async () => {
  const { Trips } = await compiled();
  const session = await guest();
  const { stay, listings } = await bookable(3);
  const bookings = [];
  for (const listing of listings) bookings.push(await book(session, listing, stay));
  session.accessToken = "expired.access.token";
  const warnings = [];
  const warn = console.error;
  console.error = (...parts) => warnings.push(parts.join(" "));
  const relay = environment(URL, session, null);
  let tree;
  const page = createElement(
    RelayEnvironmentProvider,
    { environment: relay },
    createElement(Suspense, { fallback: "loading" }, createElement(Trips, { pageSize: 2 })),
  );
  await act(async () => (tree = renderer.create(page)));
  const shown = () => tree.root.findAllByType("li").map((item) => item.props.children);
  const until = async (condition) => {
    while (!condition()) await act(() => new Promise((done) => setTimeout(done, 10)));
  };
  await until(() => tree.root.findAllByType("ul").length === 1);
  assert.equal(shown().length, 2);
  await act(async () => tree.root.findByType("ul").props.loadNext(2));
  await until(() => shown().length === 3);
  assert.deepEqual(new Set(shown()), new Set(bookings));
  await act(async () => void tree.root.findByType("ul").props.refetch({ count: 1 }));
  await until(() => tree.root.findAllByType("ul").length === 1 && shown().length === 1);
  console.error = warn;
  // Relay warns when two things of different types have one id.
  assert.deepEqual(warnings.filter((text) => /RelayResponseNormalizer|RelayModernRecord/.test(text)), []);
});

test("Relay shows a visitor's page", async () => {
  const { Trips } = await compiled();
  const relay = environment(URL, new Session(URL), null);
  const page = createElement(
    RelayEnvironmentProvider,
    { environment: relay },
    createElement(Suspense, { fallback: "loading" }, createElement(Trips, { pageSize: 2 })),
  );
  let tree;
  await act(async () => (tree = renderer.create(page)));
  while (tree.toJSON() === "loading") await act(() => new Promise((done) => setTimeout(done, 10)));
  assert.equal(tree.toJSON(), "signed out");
});
