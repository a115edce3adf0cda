// GraphiQL against this server: HTTP for queries and mutations, graphql-transport-ws for subscriptions.
"use strict";

(() => {
  const endpoint = "/graphql";

  /** Whether the operation to run is a subscription. */
  const isSubscription = (document, name) => {
    const operations = (document?.definitions ?? []).filter((definition) => definition.kind === "OperationDefinition");
    const wanted = name ? operations.find((operation) => operation.name?.value === name) : operations[0];
    return wanted?.operation === "subscription";
  };

  const overHttp = async (params, headers) => {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: {
        accept: "application/graphql-response+json, application/json",
        "content-type": "application/json",
        ...headers,
      },
      body: JSON.stringify(params),
    });
    return response.json();
  };

  /** The value of a header, whatever the case of its name. */
  const header = (headers, name) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];

  /** The results of one operation on a socket of its own. */
  const overSocket = async function* (params, headers) {
    const address = new URL(endpoint, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address, "graphql-transport-ws");
    const queue = [];
    let wake = () => {};
    const push = (item) => {
      queue.push(item);
      wake();
    };
    const send = (message) => socket.send(JSON.stringify(message));
    socket.onopen = () => {
      const authorization = header(headers, "authorization");
      send({ type: "connection_init", payload: authorization ? { authorization } : {} });
    };
    socket.onclose = ({ code, reason }) => push({ type: "closed", code, reason });
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      switch (message.type) {
        case "connection_ack":
          return send({ id: "1", type: "subscribe", payload: params });
        case "ping":
          return send({ type: "pong" });
        case "pong":
          return undefined;
        default:
          return push(message);
      }
    };
    try {
      for (;;) {
        while (queue.length === 0) {
          await new Promise((resolve) => (wake = resolve));
        }
        const message = queue.shift();
        switch (message.type) {
          case "next":
            yield message.payload;
            break;
          case "error":
            yield { errors: message.payload };
            return;
          case "closed":
            throw new Error(`The connection was closed: ${message.code} ${message.reason}`);
          default:
            return;
        }
      }
    } finally {
      socket.onclose = null;
      socket.close(1000, "done");
    }
  };

  const fetcher = (params, options) => {
    const headers = options?.headers ?? {};
    return isSubscription(options?.documentAST, params.operationName)
      ? overSocket(params, headers)
      : overHttp(params, headers);
  };

  // `/graphql?query=…&variables=…` opens that operation; nothing runs until somebody presses the button.
  const given = new URLSearchParams(location.search);
  const parameter = (name) => given.get(name) ?? undefined;

  // In lines that are short enough for a phone.
  const welcome = `# Write an operation, then press
# the button or Ctrl-Enter. See
# what can be asked by Ctrl-Space
# and in the book at the top left.
# To be somebody, sign in and put
# the access token into "Headers":
#   { "authorization": "Bearer …" }

query Welcome {
  searchListings(orderBy: RATING, first: 5) {
    totalCount
    nodes {
      listing {
        title
        place { city neighborhood }
        rating { average count }
      }
      nightlyPrice { decimal currency }
    }
  }
}
`;

  const explorer = React.createElement(GraphiQL, {
    fetcher,
    query: parameter("query"),
    variables: parameter("variables"),
    operationName: parameter("operationName"),
    defaultQuery: welcome,
    defaultEditorToolsVisibility: parameter("variables") ? "variables" : true,
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  });
  ReactDOM.createRoot(document.getElementById("explorer")).render(explorer);
})();
