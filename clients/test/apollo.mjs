// The same tests for both Apollo Clients, whose recipes have the same shape.
import assert from "node:assert/strict";
import test from "node:test";
import { gql } from "graphql-tag";
import { connect as connectSocket } from "../recipes/graphql-ws.mjs";
import { Session } from "../recipes/session.mjs";
import { authenticates } from "./auth.mjs";
import { losesNoEvent } from "./reconnects.mjs";
import { Cable, URL } from "./world.mjs";

const ME = gql`query Me { me { id email } }`;
const PAGE = gql`query Page($orderBy: ListingOrder, $after: Cursor) {
  searchListings(orderBy: $orderBy, first: 3, after: $after) {
    edges { cursor node { listing { id title host { id displayName } } } }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** Tests the recipe of the client `name`. */
export function testApollo(name, { connect, tripEvents }) {
  const client = (session) => connect(URL, session, connectSocket(URL, session, { webSocketImpl: new Cable().webSocketImpl }));

  test(`${name} authenticates as documented`, async () => {
    await authenticates(async (session) => (await client(session).query({ query: ME, fetchPolicy: "network-only" })).data);
  });

  test(`${name} pages through a search with the default of an omitted argument`, async () => {
    const apollo = client(new Session(URL));
    const query = apollo.watchQuery({ query: PAGE });
    const first = (await query.refetch()).data.searchListings;
    assert.equal(first.edges.length, 3);
    await query.fetchMore({ variables: { after: first.pageInfo.endCursor } });
    const both = apollo.readQuery({ query: PAGE }).searchListings;
    assert.equal(new Set(both.edges.map(({ node }) => node.listing.id)).size, 6);
  });

  test(`${name} loses no event over fifty reconnects`, async () => {
    await losesNoEvent(async (session, after, signal) => {
      const cable = new Cable();
      const socket = connectSocket(URL, session, { webSocketImpl: cable.webSocketImpl });
      const apollo = connect(URL, session, socket);
      return { events: tripEvents(apollo, after, signal), cut: () => cable.cut(), close: () => socket.dispose() };
    });
  });
}
