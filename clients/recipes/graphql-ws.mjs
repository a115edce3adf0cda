// graphql-ws: an event stream that resumes.
import { createClient } from "graphql-ws";
import { resume } from "./resume.mjs";

const TRIP_EVENTS = `subscription TripEvents($after: Cursor) {
  myTripEvents(after: $after) { id cursor kind at booking { id status } }
}`;

export function connect(url, session, options = {}) {
  return createClient({
    url: url.replace(/^http/, "ws"),
    // An empty string means a visitor. A function, so that each connection uses the current token.
    connectionParams: () => ({ authorization: session.authorization }),
    // The client's own retries would start from the old cursor: `resume` retries instead.
    retryAttempts: 0,
    ...options,
  });
}

export function tripEvents(client, session, after, signal) {
  const open = (after) => client.iterate({ query: TRIP_EVENTS, variables: { after } });
  return resume(renewing(open, session), { after, signal, cursorOf: (result) => result.data.myTripEvents.cursor });
}

/** Gets a new access token when the server closes a socket with 4403, because the old one has expired. */
export function renewing(open, session) {
  return async function* (after) {
    try {
      yield* open(after);
    } catch (error) {
      if (error?.code === 4403) await session.refresh();
      throw error;
    }
  };
}
