import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "../recipes/graphql-request.mjs";
import { Session } from "../recipes/session.mjs";
import { authenticates } from "./auth.mjs";
import { URL } from "./world.mjs";

test("graphql-request authenticates and refreshes its token", async () => {
  await authenticates((session) => connect(URL, session)("query Me { me { id email } }"));
});

test("graphql-request can omit a variable whose argument has a default", async () => {
  const request = connect(URL, new Session(URL));
  const { searchListings } = await request("query Page($orderBy: ListingOrder) { searchListings(orderBy: $orderBy, first: 1) { nodes { listing { id } } } }");
  assert.equal(searchListings.nodes.length, 1);
});
