// The session of a single-page app in cookies.
import assert from "node:assert/strict";
import test from "node:test";
import { gql } from "graphql-tag";
import { connect } from "../recipes/apollo4-cookies.mjs";
import { tripEvents } from "../recipes/apollo4.mjs";
import { COOKIE_MODE, CookieSession } from "../recipes/cookie-session.mjs";
import { connect as connectSocket } from "../recipes/graphql-ws.mjs";
import { Browser } from "./browser.mjs";
import { losesNoEvent } from "./reconnects.mjs";
import { URL } from "./world.mjs";

const ME = gql`query Me { me { id email } }`;
const PASSWORD = "a long enough password";

/** Posts a mutation in cookie mode. */
async function post(browser, query, variables) {
  const headers = { ...COOKIE_MODE.headers, "content-type": "application/json" };
  return browser.fetch(URL, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
}

/** Apollo in a page of a browser. */
function page(browser) {
  const session = new CookieSession(URL, browser);
  const socket = connectSocket(URL, session, { webSocketImpl: browser.cable().webSocketImpl });
  return { session, apollo: connect(URL, session, socket) };
}

const email = async (apollo) => (await apollo.query({ query: ME, fetchPolicy: "network-only" })).data.me?.email ?? null;

/** Registers in a browser. Returns the email. */
async function register(browser) {
  const email = `cookie-${process.pid}-${Date.now()}@example.com`;
  const query = `mutation Register($email: Email!, $password: String!) {
    registerUser(input: { email: $email, password: $password, displayName: "Cora" }) {
      __typename
      ... on RegisterUserSuccess { deviceToken tokens { accessToken refreshToken } }
    }
  }`;
  const { data } = await (await post(browser, query, { email, password: PASSWORD })).json();
  assert.equal(data.registerUser.__typename, "RegisterUserSuccess");
  return email;
}

test("Apollo Client 4 keeps its session in cookies", async () => {
  const browser = new Browser();
  const { session, apollo } = page(browser);
  assert.equal(await email(apollo), null, "a visitor");
  const own = await register(browser);
  assert.equal(await email(apollo), own);
  await session.signOut();
  assert.equal(await email(apollo), null, "a visitor again");
  await session.signIn(own, PASSWORD);
  const access = [...browser.cookies.keys()].find((name) => name.endsWith("access"));
  for (const gone of [() => browser.cookies.set(access, "expired.access.token"), () => browser.cookies.delete(access)]) {
    gone();
    assert.deepEqual(await Promise.all([email(apollo), email(apollo), email(apollo)]), [own, own, own]);
  }
  const tab = page(browser);
  browser.cookies.set(access, "expired.access.token");
  assert.deepEqual(await Promise.all([email(apollo), email(tab.apollo)]), [own, own], "two tabs refresh at once");
  assert.ok(browser.texts.every((text) => !/"(rt_|dev_|eyJ)/.test(text)), "no response has a token in it");
  await session.signOut();
  assert.equal(await email(apollo), null);
});

test("Apollo Client 4 with cookies loses no event over fifty reconnects", async () => {
  await losesNoEvent(async (owner, after, signal) => {
    const browser = new Browser();
    const query = "mutation Move($token: String!) { refreshSession(input: { refreshToken: $token }) { __typename } }";
    await post(browser, query, { token: owner.refreshToken });
    const session = new CookieSession(URL, browser);
    const cable = browser.cable();
    const socket = connectSocket(URL, session, { webSocketImpl: cable.webSocketImpl });
    const apollo = connect(URL, session, socket);
    return { events: tripEvents(apollo, after, signal), cut: () => cable.cut(), close: () => socket.dispose() };
  });
});

test("a page of another origin has no session, also not by a websocket", async () => {
  const browser = new Browser();
  const own = await register(browser);
  const evil = browser.at("https://evil.example");
  const response = await post(evil, "mutation { signOut(input: {}) { __typename } }");
  assert.equal(response.status, 403);
  const socket = connectSocket(URL, { authorization: "" }, { webSocketImpl: evil.cable().webSocketImpl });
  const open = (async () => {
    for await (const _ of socket.iterate({ query: "{ me { email } }" })) assert.fail("it was opened");
  })();
  await assert.rejects(open);
  assert.equal(await email(page(browser).apollo), own, "nothing happened");
});
