// graphql-request: queries and mutations without a cache.
import { ClientError, GraphQLClient } from "graphql-request";
import { isStale } from "./session.mjs";

export function connect(url, session) {
  // Read for each request: the token changes.
  const client = new GraphQLClient(url, { headers: () => ({ authorization: session.authorization }) });
  return async (document, variables) => {
    try {
      return await client.request(document, variables);
    } catch (error) {
      if (!(error instanceof ClientError) || !isStale(error.response.errors)) throw error;
      await session.refresh();
      return client.request(document, variables);
    }
  };
}
