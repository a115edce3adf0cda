// A subscription on a websocket of its own. Where the operation has a variable `after`, a connection that is cut goes on where it
// stopped: nothing is lost.
"use strict";

const Stream = (() => {
  /** Codes with which a cut may be over in a moment: 4403, when a token has expired; see "When a websocket closes" in docs/api.md. */
  const RECONNECTS = [1001, 1005, 1006, 1012, 1013, 4403, 4408];
  const LONGEST_WAIT = 30_000;

  /** The value of a header, whatever the case of its name. */
  const header = (headers, name) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];

  /**
   * Opens the stream. `authorize` gives the headers of a connection; `handlers` are `next`, `error` (with a
   * list, as in `errors`), `complete` and `state`.
   */
  const open = (params, { canResume, authorize, refresh }, handlers) => {
    const address = new URL("/graphql", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    let socket = null;
    let timer = null;
    let isOver = false;
    let failures = 0;
    let variables = params.variables;
    let cursor;

    const end = (report) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket?.close(1000, "done");
      report?.();
    };
    const fail = (reason) => end(() => handlers.error(reason));

    const received = ({ type, payload }) => {
      if (type === "next") {
        failures = 0;
        const event = payload.data && Object.values(payload.data)[0];
        cursor = event?.cursor ?? cursor;
        if (canResume && cursor) variables = { ...variables, after: cursor };
        handlers.next(payload);
      } else if (type === "error") fail(payload);
      else if (type === "complete") end(handlers.complete);
    };

    const closed = async ({ code, reason }) => {
      if (isOver) return;
      const isStale = code === 4403;
      // Without a cursor nobody knows what a second connection would miss.
      const isHopeless = !RECONNECTS.includes(code) || !(canResume && variables?.after) || (isStale && failures > 1);
      if (isHopeless) return fail([{ message: `The connection was closed: ${code} ${reason}`.trim() }]);
      failures += 1;
      handlers.state("reconnecting");
      if (isStale) await refresh().catch(() => {});
      const wait = Math.min(LONGEST_WAIT, 250 * 2 ** failures) * (0.5 + Math.random() / 2);
      if (!isOver) timer = setTimeout(connect, wait);
    };

    const connect = async () => {
      const headers = await authorize();
      if (isOver) return;
      socket = new WebSocket(address, "graphql-transport-ws");
      const send = (message) => socket.send(JSON.stringify(message));
      socket.onopen = () => {
        const authorization = header(headers, "authorization");
        send({ type: "connection_init", payload: authorization ? { authorization } : {} });
      };
      socket.onmessage = ({ data }) => {
        if (isOver) return;
        const message = JSON.parse(data);
        if (message.type === "connection_ack") {
          handlers.state("open");
          send({ id: "1", type: "subscribe", payload: { ...params, variables } });
        } else if (message.type === "ping") send({ type: "pong" });
        else received(message);
      };
      socket.onclose = closed;
    };

    connect();
    return { close: () => end() };
  };

  return { open, header };
})();
