// A subscription on its own websocket. If the operation has a variable `after`, the subscription reconnects after an interruption and
// resumes from the last cursor, so that no event is lost.
"use strict";

const Stream = (() => {
  /** Close codes after which reconnecting may succeed, 4403 with a new token: see "Close codes of a websocket" in docs/api.md. */
  const RECONNECT_CODES = [1001, 1005, 1006, 1012, 1013, 4403, 4408];
  const MAX_WAIT = 30_000;

  /** The value of a header; its name is in any letter case. */
  const header = (headers, name) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];

  /**
   * Opens the stream. `authorize` returns the headers for a connection; `handlers` are `next`, `error` (with a
   * list, as in `errors`), `complete` and `state`.
   */
  const open = (params, { canResume, authorize, refresh }, handlers) => {
    const address = new URL("/graphql", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    let socket = null;
    let timer = null;
    let hasEnded = false;
    let failures = 0;
    let variables = params.variables;
    let cursor;

    const end = (report) => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(timer);
      socket?.close(1000, "done");
      report?.();
    };
    const fail = (reason) => end(() => handlers.error(reason));

    const receive = ({ type, payload }) => {
      if (type === "next") {
        failures = 0;
        const event = payload.data && Object.values(payload.data)[0];
        cursor = event?.cursor ?? cursor;
        if (canResume && cursor) variables = { ...variables, after: cursor };
        handlers.next(payload);
      } else if (type === "error") fail(payload);
      else if (type === "complete") end(handlers.complete);
    };

    const handleClose = async ({ code, reason }) => {
      if (hasEnded) return;
      const isExpired = code === 4403;
      // Without a cursor, events between two connections would be lost.
      const isFinal = !RECONNECT_CODES.includes(code) || !(canResume && variables?.after) || (isExpired && failures > 1);
      if (isFinal) return fail([{ message: `The connection was closed: ${code} ${reason}`.trim() }]);
      failures += 1;
      handlers.state("reconnecting");
      if (isExpired) await refresh().catch(() => {});
      const wait = Math.min(MAX_WAIT, 250 * 2 ** failures) * (0.5 + Math.random() / 2);
      if (!hasEnded) timer = setTimeout(connect, wait);
    };

    const connect = async () => {
      const headers = await authorize();
      if (hasEnded) return;
      socket = new WebSocket(address, "graphql-transport-ws");
      const send = (message) => socket.send(JSON.stringify(message));
      socket.onopen = () => {
        const authorization = header(headers, "authorization");
        send({ type: "connection_init", payload: authorization ? { authorization } : {} });
      };
      socket.onmessage = ({ data }) => {
        if (hasEnded) return;
        const message = JSON.parse(data);
        if (message.type === "connection_ack") {
          handlers.state("open");
          send({ id: "1", type: "subscribe", payload: { ...params, variables } });
        } else if (message.type === "ping") send({ type: "pong" });
        else receive(message);
      };
      socket.onclose = handleClose;
    };

    connect();
    return { close: () => end() };
  };

  return { open, header };
})();
