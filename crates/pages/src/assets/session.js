// The session of these pages: one for the landing page and for every tab of GraphiQL, stored until the browser tab is closed.
// `Session.token()` returns a valid access token.
"use strict";

const Session = (() => {
  const SESSION_KEY = "staygate.session";
  const DEVICE_KEY = "staygate.device";
  /** An access token that expires sooner than this, in milliseconds, is refreshed before it is used. */
  const REFRESH_MARGIN = 60_000;
  const TOKENS = "tokens { accessToken accessTokenExpiresAt refreshToken }";
  const SIGN_IN = `mutation SignIn($input: SignInInput!) { signIn(input: $input) {
    ... on SignInSuccess { deviceToken me { email } ${TOKENS} } ... on UserError { code message } } }`;
  const REFRESH = `mutation RefreshSession($input: RefreshSessionInput!) { refreshSession(input: $input) {
    ... on RefreshSessionSuccess { ${TOKENS} } ... on UserError { code message } } }`;
  const SIGN_OUT = `mutation SignOut($input: SignOutInput!) { signOut(input: $input) { ... on SignOutSuccess { ended } } }`;

  const listeners = new Set();
  // A duplicated browser tab has a copy of the session. A refresh token works once, so the tabs send each other the new pair.
  const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel(SESSION_KEY) : null;

  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(SESSION_KEY));
    } catch {
      return null;
    }
  };

  const write = (session) => {
    if (session) sessionStorage.setItem(SESSION_KEY, JSON.stringify(session));
    else sessionStorage.removeItem(SESSION_KEY);
    listeners.forEach((listener) => listener(session));
  };

  /** Replaces the session `before` in this tab and in all tabs that have a copy of it. */
  const replace = (before, session) => {
    write(session);
    channel?.postMessage({ before: before.refreshToken, session });
  };

  channel?.addEventListener("message", ({ data }) => {
    const session = read();
    if (session?.refreshToken === data.before) write(data.session && { ...session, ...data.session });
  });

  /** The server refused with a problem of the contract. After any other error, a retry may succeed. */
  class Refusal extends Error {}

  const run = async (query, input) => {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { input } }),
    });
    const { data, errors } = await response.json();
    const outcome = data && Object.values(data)[0];
    if (!outcome) throw new Error(errors?.[0]?.message ?? "The server did not respond.");
    if (outcome.code) throw new Refusal(outcome.message);
    return outcome;
  };

  /** Signs in, and ends the previous session. */
  const signIn = async ({ email, password, name, role }) => {
    const known = sessionStorage.getItem(DEVICE_KEY);
    const { tokens, me, deviceToken } = await run(SIGN_IN, { email, password, ...(known && { deviceToken: known }) });
    sessionStorage.setItem(DEVICE_KEY, deviceToken);
    await signOut();
    write({ name: name ?? me.email, email: me.email, role: role ?? null, ...tokens });
  };

  /** Ends the session. Its tokens are deleted even if the server cannot be reached. */
  const signOut = async () => {
    const session = read();
    if (!session) return;
    replace(session, null);
    await run(SIGN_OUT, { refreshToken: session.refreshToken }).catch(() => {});
  };

  let refreshing = null;

  const exchangeToken = async (session) => {
    const deviceToken = sessionStorage.getItem(DEVICE_KEY);
    const input = { refreshToken: session.refreshToken, ...(deviceToken && { deviceToken }) };
    try {
      const { tokens } = await run(REFRESH, input);
      // The user may have signed out meanwhile, or signed in to another account.
      if (read()?.refreshToken === session.refreshToken) replace(session, { ...session, ...tokens });
    } catch (error) {
      if (error instanceof Refusal && read()?.refreshToken === session.refreshToken) replace(session, null);
      throw error;
    }
  };

  /** Exchanges the refresh token for a new pair. Concurrent calls share one exchange. */
  const refresh = async () => {
    const session = read();
    if (!session) return;
    refreshing ??= exchangeToken(session).finally(() => (refreshing = null));
    await refreshing;
  };

  /** The access token, refreshed shortly before it expires; undefined if nobody is signed in. */
  const token = async () => {
    const session = read();
    if (session && Date.parse(session.accessTokenExpiresAt) - Date.now() < REFRESH_MARGIN) await refresh().catch(() => {});
    return read()?.accessToken;
  };

  /** Calls `listener` with the session now and whenever it changes; null if nobody is signed in. */
  const listen = (listener) => {
    listeners.add(listener);
    listener(read());
  };

  return { read, signIn, signOut, refresh, token, listen };
})();
