// The same test for every client that authenticates.
import assert from "node:assert/strict";
import { guest } from "./world.mjs";
import { Session } from "../recipes/session.mjs";
import { URL } from "./world.mjs";

/** `query(session)` runs `query { me { email } listings… }` with the client and returns its data. */
export async function authenticates(query) {
  const visitor = new Session(URL);
  assert.equal((await query(visitor)).me, null, "an empty header is a visitor");
  const session = await guest();
  assert.match((await query(session)).me.email, /@example\.com$/);
  // An invalid token is refreshed automatically.
  session.accessToken = "expired.access.token";
  const answers = await Promise.all([query(session), query(session), query(session)]);
  for (const { me } of answers) assert.match(me.email, /@example\.com$/);
}
