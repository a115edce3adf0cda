// Apollo Client 4 in a single-page app whose session is in cookies. Pass it the socket of graphql-ws.mjs, for subscriptions.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, ServerError } from "@apollo/client";
import { ErrorLink } from "@apollo/client/link/error";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { from, switchMap } from "rxjs";
import { COOKIE_MODE } from "./cookie-session.mjs";

export function connect(url, session, socket) {
  const renew = new ErrorLink(({ error, operation, forward }) => {
    const isUnauthenticated =
      (ServerError.is(error) && error.statusCode === 401) ||
      (CombinedGraphQLErrors.is(error) && error.errors.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED"));
    if (!isUnauthenticated || operation.getContext().renewed) return;
    operation.setContext({ renewed: true });
    return from(session.refresh()).pipe(switchMap(() => forward(operation)));
  });
  const http = ApolloLink.from([renew, new HttpLink({ uri: url, fetch: session.fetch, ...COOKIE_MODE })]);
  return new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      http,
    ),
    cache: new InMemoryCache(),
  });
}
