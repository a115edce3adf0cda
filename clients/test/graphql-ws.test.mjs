import test from "node:test";
import { connect, tripEvents } from "../recipes/graphql-ws.mjs";
import { losesNoEvent } from "./reconnects.mjs";
import { Cable, URL } from "./world.mjs";

test("graphql-ws loses no event over fifty reconnects", async () => {
  await losesNoEvent(async (session, after, signal) => {
    const cable = new Cable();
    const client = connect(URL, session, { webSocketImpl: cable.webSocketImpl });
    return { events: tripEvents(client, session, after, signal), cut: () => cable.cut(), close: () => client.dispose() };
  });
});
