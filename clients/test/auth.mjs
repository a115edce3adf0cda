// The same trial for every client that authenticates.
import assert from "node:assert/strict";
import { guest } from "./world.mjs";
import { Session } from "../recipes/session.mjs";
import { URL } from "./world.mjs";

/** `ask(session)` runs `query { me { email } listings… }` with the client and gives its data. */
export async function authenticates(ask) {
  const visitor = new Session(URL);
  assert.equal((await ask(visitor)).me, null, "an empty header is a visitor");
  const session = await guest();
  assert.match((await ask(session)).me.email, /@example\.com$/);
  // A token that is no good: refreshed, without anybody's help.
  session.accessToken = "expired.access.token";
  const answers = await Promise.all([ask(session), ask(session), ask(session)]);
  for (const { me } of answers) assert.match(me.email, /@example\.com$/);
}
