import assert from "node:assert/strict";
import test from "node:test";
import { gql } from "@urql/core";
import { connect as connectSocket } from "../recipes/graphql-ws.mjs";
import { Session } from "../recipes/session.mjs";
import { connect, tripEvents } from "../recipes/urql.mjs";
import { authenticates } from "./auth.mjs";
import { losesNoEvent } from "./reconnects.mjs";
import { Cable, URL } from "./world.mjs";

const ME = gql`query Me { me { id email } }`;
const PAGE = gql`query Page($orderBy: ListingOrder, $after: Cursor) {
  searchListings(orderBy: $orderBy, first: 3, after: $after) {
    edges { cursor node { listing { id title host { id displayName } } price { total { decimal currency } } } }
    pageInfo { hasNextPage endCursor }
  }
}`;

const client = (session) => connect(URL, session, connectSocket(URL, session, { webSocketImpl: new Cable().webSocketImpl }));

test("urql's authExchange refreshes an expired token", async () => {
  await authenticates(async (session) => {
    const { data, error } = await client(session).query(ME, {}, { requestPolicy: "network-only" });
    if (error) throw error;
    return data;
  });
});

test("urql and graphcache page through a search", async () => {
  const urql = client(new Session(URL));
  const first = (await urql.query(PAGE, {})).data.searchListings;
  const both = (await urql.query(PAGE, { after: first.pageInfo.endCursor })).data.searchListings;
  assert.equal(new Set(both.edges.map(({ node }) => node.listing.id)).size, 6);
});

test("urql loses no event over fifty reconnects", async () => {
  await losesNoEvent(async (session, after, signal) => {
    const cable = new Cable();
    const socket = connectSocket(URL, session, { webSocketImpl: cable.webSocketImpl });
    const urql = connect(URL, session, socket);
    return { events: tripEvents(urql, after, signal), cut: () => cable.cut(), close: () => socket.dispose() };
  });
});
