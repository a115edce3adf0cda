// Sign-in with a real OpenID Connect provider, over HTTP: see identity-server.mjs.
import assert from "node:assert/strict";
import test from "node:test";
import { COOKIE_MODE } from "../recipes/cookie-session.mjs";
import { beginSignIn, completeSignIn } from "../recipes/provider-sign-in.mjs";
import { Session } from "../recipes/session.mjs";
import { Browser } from "./browser.mjs";
import { guest, run, URL } from "./world.mjs";

const REDIRECT_URI = "https://app.example.com/sign-in/provider";
const { identityProviders } = await run(null, "{ identityProviders { id name } }");
const skip = identityProviders.some(({ id }) => id === "test") ? false : "the server has no provider for these tests";

let people = 0;
const newLogin = () => `paula-${process.pid}-${Date.now()}-${people++}`;

/** What a tab keeps. */
function tab() {
  const items = new Map();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value), removeItem: (key) => items.delete(key) };
}

/** Cookies of the provider, with their paths. */
class Cookies {
  #all = new Map();

  header(path) {
    return [...this.#all.values()].filter((cookie) => path.startsWith(cookie.path)).map(({ pair }) => pair).join("; ");
  }

  keep(response) {
    for (const text of response.headers.getSetCookie()) {
      const [pair] = text.split(";");
      const path = text.match(/path=([^;]*)/i)?.[1] ?? "/";
      const key = `${pair.split("=")[0]} ${path}`;
      if (/expires=Thu, 01 Jan 1970/i.test(text)) this.#all.delete(key);
      else this.#all.set(key, { pair, path });
    }
  }
}

/** A person signs in on the pages of the provider, or cancels. Returns what it sends to the page. */
async function visit(url, login, cancels = false) {
  const cookies = new Cookies();
  let options = {};
  for (let step = 0; step < 20; step++) {
    const headers = { cookie: cookies.header(new globalThis.URL(url).pathname) };
    const response = await fetch(url, { ...options, headers, redirect: "manual" });
    cookies.keep(response);
    options = {};
    const location = response.headers.get("location");
    if (location) {
      url = new globalThis.URL(location, url).href;
      if (url.startsWith(REDIRECT_URI)) return new globalThis.URL(url).searchParams;
      continue;
    }
    const page = await response.text();
    const [, action] = page.match(/<form[^>]* action="([^"]+)"/) ?? assert.fail(`${response.status} ${page}`);
    const [, prompt] = page.match(/name="prompt" value="(\w+)"/);
    if (cancels) url = new globalThis.URL(page.match(/href="([^"]*abort)"/)[1], url).href;
    else {
      url = new globalThis.URL(action, url).href;
      options = { method: "POST", body: new URLSearchParams({ prompt, login, password: "any" }) };
    }
  }
  assert.fail("the provider does not send the person back");
}

const anonymous = (query, variables) => run(null, query, variables);

/** A whole sign-in. */
async function signIn(login, post = anonymous) {
  const storage = tab();
  const url = await beginSignIn(post, "test", REDIRECT_URI, storage);
  const sent = await visit(url, login);
  return { outcome: await completeSignIn(post, sent, storage), sent, storage };
}

test("somebody new signs in with a provider, and comes back to the same account", { skip }, async () => {
  const login = newLogin();
  const { outcome } = await signIn(login);
  assert.equal(outcome.me?.email, `${login}@example.com`, JSON.stringify(outcome));
  const session = Object.assign(new Session(URL), { accessToken: outcome.tokens.accessToken });
  const { me } = await run(session, "{ me { hasPassword user { displayName } linkedProviders { id name } } }");
  assert.deepEqual(me, { hasPassword: false, user: { displayName: "Paula Provider" }, linkedProviders: [{ id: "test", name: "Test ID" }] });
  assert.equal((await signIn(login)).outcome.me.id, outcome.me.id);
});

test("a page in cookie mode gets no token", { skip }, async () => {
  const browser = new Browser();
  const post = async (query, variables) => {
    const headers = { ...COOKIE_MODE.headers, "content-type": "application/json" };
    const response = await browser.fetch(URL, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    return (await response.json()).data;
  };
  const login = newLogin();
  const { outcome } = await signIn(login, post);
  assert.deepEqual([outcome.me.email, outcome.tokens.accessToken], [`${login}@example.com`, null]);
  assert.equal((await post("{ me { email } }")).me.email, `${login}@example.com`);
});

test("a person who cancels is told so", { skip }, async () => {
  const storage = tab();
  const url = await beginSignIn(anonymous, "test", REDIRECT_URI, storage);
  const outcome = await completeSignIn(anonymous, await visit(url, newLogin(), true), storage);
  assert.equal(outcome.code, "PROVIDER_DENIED");
});

test("a response works once, and only in the tab that has begun", { skip }, async () => {
  const [own, other] = [tab(), tab()];
  const url = await beginSignIn(anonymous, "test", REDIRECT_URI, own);
  await beginSignIn(anonymous, "test", REDIRECT_URI, other);
  const sent = await visit(url, newLogin());
  assert.equal(sent.get("iss"), new globalThis.URL(url).origin, "the provider names itself");
  const copy = tab();
  copy.setItem("provider-sign-in", own.getItem("provider-sign-in"));
  assert.equal((await completeSignIn(anonymous, sent, other)).code, "INVALID_PROVIDER_SIGN_IN");
  assert.equal((await completeSignIn(anonymous, sent, own)).__typename, "CompleteProviderSignInSuccess");
  assert.equal((await completeSignIn(anonymous, sent, copy)).code, "INVALID_PROVIDER_SIGN_IN");
});

test("an email that the provider does not vouch for makes no account", { skip }, async () => {
  assert.equal((await signIn(`unverified-${newLogin()}`)).outcome.code, "PROVIDER_EMAIL_NOT_VERIFIED");
});

test("the owner of an account links it", { skip }, async () => {
  const session = await guest();
  const { me } = await run(session, "{ me { id email } }");
  const login = me.email.split("@")[0];
  assert.equal((await signIn(login)).outcome.code, "LINK_REQUIRED");
  const begun = await run(
    session,
    `mutation Begin($input: BeginProviderLinkInput!) {
      beginProviderLink(input: $input) { ... on BeginProviderLinkSuccess { url handle } ... on UserError { message } }
    }`,
    { input: { provider: "test", redirectUri: REDIRECT_URI } },
  );
  const { url, handle } = begun.beginProviderLink;
  const { state, code, iss } = Object.fromEntries(await visit(url, login));
  const linked = await run(
    session,
    `mutation Complete($input: CompleteProviderLinkInput!) {
      completeProviderLink(input: $input) { __typename ... on UserError { message } }
    }`,
    { input: { handle, state, code, iss } },
  );
  assert.equal(linked.completeProviderLink.__typename, "CompleteProviderLinkSuccess", JSON.stringify(linked));
  assert.equal((await signIn(login)).outcome.me.id, me.id);
});
