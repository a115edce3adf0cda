// Apollo Client 3: queries, mutations and resuming subscriptions, with tokens that are refreshed.
import { ApolloClient, HttpLink, InMemoryCache, fromPromise, from, gql, split } from "apollo-client-3/core/index.js";
import { setContext } from "apollo-client-3/link/context/index.js";
import { onError } from "apollo-client-3/link/error/index.js";
import { GraphQLWsLink } from "apollo-client-3/link/subscriptions/index.js";
import { getMainDefinition, relayStylePagination } from "apollo-client-3/utilities/index.js";
import { iterate } from "./iterate.mjs";
import { resume } from "./resume.mjs";
import { isUnauthenticated } from "./session.mjs";

export function connect(url, session, socket) {
  const authorize = setContext((_, { headers }) => ({
    headers: { ...headers, authorization: session.authorization },
  }));
  const renew = onError(({ graphQLErrors, networkError, operation, forward }) => {
    const stale = isUnauthenticated(graphQLErrors) || networkError?.statusCode === 401;
    if (!stale || !session.refreshToken || operation.getContext().renewed) return;
    operation.setContext({ renewed: true });
    return fromPromise(session.refresh()).flatMap(() => forward(operation));
  });
  const isSubscription = ({ query }) => getMainDefinition(query).operation === "subscription";
  return new ApolloClient({
    link: split(isSubscription, new GraphQLWsLink(socket), from([renew, authorize, new HttpLink({ uri: url })])),
    cache: new InMemoryCache({
      typePolicies: {
        Query: { fields: { searchListings: relayStylePagination(["where", "stay", "flexible", "orderBy"]) } },
        Listing: { fields: { reviews: relayStylePagination() } },
      },
    }),
  });
}

export const TRIP_EVENTS = gql`
  subscription TripEvents($after: Cursor) {
    myTripEvents(after: $after) { id cursor kind at booking { id status } }
  }
`;

export function tripEvents(client, after, signal) {
  const open = (after) => iterate(client.subscribe({ query: TRIP_EVENTS, variables: { after } }));
  return resume(open, { after, signal, cursorOf: (result) => result.data.myTripEvents.cursor });
}
