// urql with authExchange, graphcache and graphql-ws.
import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { authExchange } from "@urql/exchange-auth";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { pipe, toAsyncIterable } from "wonka";
import { resume } from "./resume.mjs";

export function connect(url, session, socket) {
  return new Client({
    url,
    preferGetMethod: false,
    exchanges: [
      cacheExchange({
        resolvers: { Query: { searchListings: relayPagination() }, Listing: { reviews: relayPagination() } },
        // Values without an ID, which belong to their parent.
        keys: new Proxy({}, { get: (_, type) => (type === "then" ? undefined : (data) => data.id ?? null) }),
      }),
      authExchange(async (utils) => ({
        addAuthToOperation: (operation) => utils.appendHeaders(operation, { authorization: session.authorization }),
        didAuthError: (error) => error.graphQLErrors.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED"),
        refreshAuth: () => session.refresh(),
      })),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  });
}

export const TRIP_EVENTS = gql`
  subscription TripEvents($after: Cursor) {
    myTripEvents(after: $after) { id cursor kind at booking { id status } }
  }
`;

export function tripEvents(client, after, signal) {
  const open = async function* (after) {
    for await (const result of pipe(client.subscription(TRIP_EVENTS, { after }), toAsyncIterable)) {
      if (result.error) throw result.error;
      yield result;
    }
  };
  return resume(open, { after, signal, cursorOf: (result) => result.data.myTripEvents.cursor });
}
