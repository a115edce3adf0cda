// graphql-sse: the same stream without a websocket.
import { createClient } from "graphql-sse";
import { resume } from "./resume.mjs";

const TRIP_EVENTS = `subscription TripEvents($after: Cursor) {
  myTripEvents(after: $after) { id cursor kind at booking { id status } }
}`;

export function connect(url, session, options = {}) {
  return createClient({
    url,
    headers: () => ({ authorization: session.authorization }),
    retryAttempts: 0,
    ...options,
  });
}

export function tripEvents(client, after, signal) {
  const open = (after) => client.iterate({ query: TRIP_EVENTS, variables: { after } });
  return resume(open, { after, signal, cursorOf: (result) => result.data.myTripEvents.cursor });
}
