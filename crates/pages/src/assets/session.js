// Who is signed in on these pages: one session for the landing page and for every tab of GraphiQL, kept until the browser's tab is
// closed. `Session.token()` gives an access token that is good for now.
"use strict";

const Session = (() => {
  const KEY = "staygate.session";
  const DEVICE = "staygate.device";
  /** An access token that expires sooner than this, in milliseconds, is traded for a new one before it is used. */
  const MARGIN = 60_000;
  const TOKENS = "tokens { accessToken accessTokenExpiresAt refreshToken }";
  const SIGN_IN = `mutation SignIn($input: SignInInput!) { signIn(input: $input) {
    ... on SignInSuccess { deviceToken me { email } ${TOKENS} } ... on UserError { code message } } }`;
  const REFRESH = `mutation RefreshSession($input: RefreshSessionInput!) { refreshSession(input: $input) {
    ... on RefreshSessionSuccess { ${TOKENS} } ... on UserError { code message } } }`;
  const SIGN_OUT = `mutation SignOut($input: SignOutInput!) { signOut(input: $input) { ... on SignOutSuccess { ended } } }`;

  const listeners = new Set();
  // A duplicated tab of the browser has a copy of the session. A refresh token works once, so the copies tell each other.
  const copies = typeof BroadcastChannel === "function" ? new BroadcastChannel(KEY) : null;

  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY));
    } catch {
      return null;
    }
  };

  const write = (session) => {
    if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
    else sessionStorage.removeItem(KEY);
    listeners.forEach((listener) => listener(session));
  };

  /** Replaces `before` here and in all copies of it. */
  const replace = (before, session) => {
    write(session);
    copies?.postMessage({ before: before.refreshToken, session });
  };

  copies?.addEventListener("message", ({ data }) => {
    const session = read();
    if (session?.refreshToken === data.before) write(data.session && { ...session, ...data.session });
  });

  /** Why there is no session: a problem that the contract names. Anything else may be better in a moment. */
  class Refused extends Error {}

  const run = async (query, input) => {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { input } }),
    });
    const { data, errors } = await response.json();
    const outcome = data && Object.values(data)[0];
    if (!outcome) throw new Error(errors?.[0]?.message ?? "The server did not respond.");
    if (outcome.code) throw new Refused(outcome.message);
    return outcome;
  };

  /** Signs in, and ends the session that was open before. */
  const signIn = async ({ email, password, name, role }) => {
    const known = sessionStorage.getItem(DEVICE);
    const { tokens, me, deviceToken } = await run(SIGN_IN, { email, password, ...(known && { deviceToken: known }) });
    sessionStorage.setItem(DEVICE, deviceToken);
    await signOut();
    write({ name: name ?? me.email, email: me.email, role: role ?? null, ...tokens });
  };

  /** Ends the session. If the server cannot be told, its refresh token is forgotten all the same. */
  const signOut = async () => {
    const session = read();
    if (!session) return;
    replace(session, null);
    await run(SIGN_OUT, { refreshToken: session.refreshToken }).catch(() => {});
  };

  let refreshing = null;

  const trade = async (session) => {
    const deviceToken = sessionStorage.getItem(DEVICE);
    const input = { refreshToken: session.refreshToken, ...(deviceToken && { deviceToken }) };
    try {
      const { tokens } = await run(REFRESH, input);
      // Somebody may have signed out, or in as another, in the meantime.
      if (read()?.refreshToken === session.refreshToken) replace(session, { ...session, ...tokens });
    } catch (failure) {
      if (failure instanceof Refused && read()?.refreshToken === session.refreshToken) replace(session, null);
      throw failure;
    }
  };

  /** Trades the refresh token for a new pair: once, however many ask at the same time. */
  const refresh = async () => {
    const session = read();
    if (!session) return;
    refreshing ??= trade(session).finally(() => (refreshing = null));
    await refreshing;
  };

  /** The access token, refreshed shortly before it expires; nothing for an anonymous viewer. */
  const token = async () => {
    const session = read();
    if (session && Date.parse(session.accessTokenExpiresAt) - Date.now() < MARGIN) await refresh().catch(() => {});
    return read()?.accessToken;
  };

  /** Calls `listener` with the session now and whenever it changes; null while nobody is signed in. */
  const listen = (listener) => {
    listeners.add(listener);
    listener(read());
  };

  return { read, signIn, signOut, refresh, token, listen };
})();
