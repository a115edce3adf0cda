// Apollo Client 4: queries, mutations and resuming subscriptions, with tokens that are refreshed.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, ServerError, gql } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import { from, switchMap } from "rxjs";
import { iterate } from "./iterate.mjs";
import { resume } from "./resume.mjs";

export function connect(url, session, socket) {
  const authorize = new SetContextLink(({ headers }) => ({
    headers: { ...headers, authorization: session.authorization },
  }));
  // An expired token is a 401, which Apollo reports as a server error.
  const renew = new ErrorLink(({ error, operation, forward }) => {
    const isUnauthenticated =
      (ServerError.is(error) && error.statusCode === 401) ||
      (CombinedGraphQLErrors.is(error) && error.errors.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED"));
    if (!isUnauthenticated || !session.refreshToken || operation.getContext().renewed) return;
    operation.setContext({ renewed: true });
    return from(session.refresh()).pipe(switchMap(() => forward(operation)));
  });
  const http = ApolloLink.from([renew, authorize, new HttpLink({ uri: url })]);
  return new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      http,
    ),
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
  const open = async function* (after) {
    for await (const result of iterate(client.subscribe({ query: TRIP_EVENTS, variables: { after } }))) {
      if (result.error) throw result.error;
      yield result;
    }
  };
  return resume(open, { after, signal, cursorOf: (result) => result.data.myTripEvents.cursor });
}
