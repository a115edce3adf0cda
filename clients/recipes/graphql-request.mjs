// graphql-request: queries and mutations without a cache.
import { ClientError, GraphQLClient } from "graphql-request";
import { isUnauthenticated } from "./session.mjs";

export function connect(url, session) {
  // A function, because the token changes.
  const client = new GraphQLClient(url, { headers: () => ({ authorization: session.authorization }) });
  return async (document, variables) => {
    try {
      return await client.request(document, variables);
    } catch (error) {
      if (!(error instanceof ClientError) || !isUnauthenticated(error.response.errors)) throw error;
      await session.refresh();
      return client.request(document, variables);
    }
  };
}
