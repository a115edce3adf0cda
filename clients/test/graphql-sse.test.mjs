import assert from "node:assert/strict";
import test from "node:test";
import { connect, tripEvents } from "../recipes/graphql-sse.mjs";
import { losesNoEvent } from "./reconnects.mjs";
import { URL, book, guest, now, rooms } from "./world.mjs";

test("graphql-sse loses no event over fifty reconnects", async () => {
  await losesNoEvent(async (session, after, signal) => {
    const connections = new Set();
    const fetchFn = (input, init) => {
      const connection = new AbortController();
      connections.add(connection);
      init.signal?.addEventListener("abort", () => connection.abort());
      return fetch(input, { ...init, signal: connection.signal });
    };
    const cut = () => {
      const count = connections.size;
      for (const connection of connections) connection.abort();
      connections.clear();
      return count;
    };
    const client = connect(URL, session, { fetchFn });
    return { events: tripEvents(client, after, signal), cut, close: () => client.dispose() };
  });
});

test("a browser's EventSource continues from the id of the last event", async () => {
  const session = await guest();
  const listings = await rooms(2);
  const before = await now(session);
  const [first, second] = [await book(session, listings[0]), await book(session, listings[1])];
  const ask = async (lastEventId) => {
    const query = "subscription { myTripEvents { id booking { id } } }";
    const stop = new AbortController();
    const response = await fetch(`${URL}?query=${encodeURIComponent(query)}`, {
      headers: { accept: "text/event-stream", authorization: session.authorization, "last-event-id": lastEventId },
      signal: stop.signal,
    });
    assert.equal(response.headers.get("content-type").split(";")[0], "text/event-stream");
    let text = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const event = /event: next\nid: (.*)\ndata: (.*)\n\n/.exec(text);
      if (event) {
        stop.abort();
        return { id: event[1], booking: JSON.parse(event[2]).data.myTripEvents.booking.id };
      }
    }
  };
  const one = await ask(before);
  assert.equal(one.booking, first);
  assert.equal((await ask(one.id)).booking, second);
});
