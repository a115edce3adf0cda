// Passkeys in a real browser, with the recipe as it is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { chromium, launch } from "./chromium.mjs";
import { guest, run, URL } from "./world.mjs";

const RECIPE = readFileSync("recipes/passkeys.mjs", "utf8").replaceAll(/^export /gm, "");
const ME = "query Me { me { email passkeys { id name lastUsedAt } } }";

/** The code of the recipe in a page, with `request`: operations of the page's own origin, with some headers. */
const inPage = (headers, body) => `${RECIPE}
  const request = async (query, variables) => {
    const headers = { "content-type": "application/json", ...${JSON.stringify(headers)} };
    const response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message);
    return data;
  };
  ${body}`;

/** Why the test cannot run here, or false. */
async function missing() {
  if (!chromium()) return "there is no Chromium: install it, or name it in CHROMIUM";
  const { beginPasskeySignIn } = await run(null, "mutation Begin { beginPasskeySignIn { ... on BeginPasskeySignInSuccess { options } } }");
  const domain = beginPasskeySignIn.options && JSON.parse(beginPasskeySignIn.options).rpId;
  return domain === "localhost" ? false : `the server's passkeys belong to ${domain ?? "no domain"}, not to localhost`;
}

test("a page adds a passkey, signs in with it alone, and proves who is there", { skip: await missing() }, async () => {
  const { port } = new globalThis.URL(URL);
  const browser = await launch(chromium());
  try {
    const page = await browser.open(`http://localhost:${port}/`);
    const authenticatorId = await page.addAuthenticator();
    const owner = await guest();
    const { email } = (await run(owner, ME)).me;
    const token = { authorization: owner.authorization };
    const cookies = { "staygate-session": "cookie" };
    assert.equal(await page.run(inPage({}, "return hasPasskeys();")), true);

    const added = await page.run(inPage(token, `return await addPasskey(request, "Laptop");`));
    assert.equal(added.name, "Laptop");
    const { credentials } = await page.send("WebAuthn.getCredentials", { authenticatorId });
    assert.deepEqual([credentials.length, credentials[0].rpId, credentials[0].isResidentCredential], [1, "localhost", true]);
    await assert.rejects(page.run(inPage(token, `await addPasskey(request, "Again");`)), /InvalidStateError|excluded|already/i, "one for each authenticator");

    const signedIn = await page.run(inPage(cookies, "return await signInWithPasskey(request);"));
    assert.deepEqual([signedIn.me.email, signedIn.tokens.accessToken], [email, null], "the session is in cookies");
    const { me } = await page.run(inPage(cookies, `return await request(${JSON.stringify(ME)});`));
    assert.equal(me.email, email);
    assert.ok(me.passkeys[0].lastUsedAt);
    const confirmed = await page.run(inPage(cookies, "return await confirmWithPasskey(request);"));
    assert.ok(new Date(confirmed.confirmedUntil) > new Date());

    await page.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    await assert.rejects(page.run(inPage({}, "await signInWithPasskey(request);")), /NotAllowedError/, "somebody else's finger");
    await page.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
    const other = await browser.open(`http://127.0.0.1:${port}/`);
    await other.addAuthenticator();
    await assert.rejects(other.run(inPage({}, "await signInWithPasskey(request);")), /SecurityError/, "a page of another domain");
  } finally {
    await browser.close();
  }
});
