import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import test, { before } from "node:test";
import babel from "@babel/core";
import { Suspense, act, createElement } from "react";
import { RelayEnvironmentProvider } from "react-relay";
import renderer from "react-test-renderer";
import { environment } from "../relay/environment.mjs";
import { Session } from "../recipes/session.mjs";
import { URL, book, guest, rooms } from "./world.mjs";

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

// Relay keeps the data of an unmounted page for five minutes. The test does not wait for that.
const { setTimeout: later } = globalThis;
globalThis.setTimeout = (work, delay, ...rest) => {
  const timer = later(work, delay, ...rest);
  return delay >= 60_000 ? timer.unref() : timer;
};

const GENERATED = "relay/__generated__";

/** Compiles the documents against the contract, then the component that uses them. */
function compile() {
  execFileSync("npx", ["relay-compiler"], { stdio: "pipe" });
  const options = { plugins: [["relay", { eagerEsModules: true }]], filename: "relay/Trips.js", babelrc: false };
  const { code } = babel.transformSync(readFileSync("relay/Trips.js", "utf8"), options);
  writeFileSync(`${GENERATED}/Trips.js`, code.replaceAll('"./__generated__/', '"./'));
  // Node requires file extensions, which bundlers add automatically.
  for (const name of readdirSync(GENERATED)) {
    const file = `${GENERATED}/${name}`;
    writeFileSync(file, readFileSync(file, "utf8").replace(/^(import .* from ['"]\.\/\w+\.graphql)(['"])/gm, "$1.js$2"));
  }
}

before(() => rmSync(GENERATED, { recursive: true, force: true }));
before(compile);

test("Relay compiles the contract, pages through a refetchable fragment, and refetches it", async () => {
  const { Trips } = await import("../relay/__generated__/Trips.js");
  const session = await guest();
  const bookings = [];
  for (const room of await rooms(3)) bookings.push(await book(session, room));
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
  await act(async () => tree.unmount());
  console.error = warn;
  // Relay warns when two entities of different types have the same ID.
  assert.deepEqual(warnings.filter((text) => /RelayResponseNormalizer|RelayModernRecord/.test(text)), []);
});

test("Relay shows a visitor's page", async () => {
  const { Trips } = await import("../relay/__generated__/Trips.js");
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
  await act(async () => tree.unmount());
});
