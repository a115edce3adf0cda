// Relay's environment: a network with tokens that are refreshed, and subscriptions over graphql-ws.
import { Environment, Network, Observable, RecordSource, Store } from "relay-runtime";
import { isUnauthenticated } from "../recipes/session.mjs";

export function environment(url, session, socket) {
  const post = async (body) => {
    const headers = { "content-type": "application/json", authorization: session.authorization };
    return (await fetch(url, { method: "POST", headers, body })).json();
  };
  const ask = async ({ text, name }, variables) => {
    const body = JSON.stringify({ query: text, operationName: name, variables });
    const answer = await post(body);
    if (!isUnauthenticated(answer.errors) || !session.refreshToken) return answer;
    await session.refresh();
    return post(body);
  };
  const follow = ({ text, name }, variables) =>
    Observable.create((sink) => socket.subscribe({ query: text, operationName: name, variables }, sink));
  return new Environment({ network: Network.create(ask, follow), store: new Store(new RecordSource()) });
}
