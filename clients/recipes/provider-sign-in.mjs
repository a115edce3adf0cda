// Sign-in with an identity provider, for single-page apps. The page that shows the buttons calls `beginSignIn`; the page at `redirectUri`, which
// the server's settings list and the provider knows, calls `completeSignIn`. `post(query, variables)` sends an operation and returns its data:
// in cookie mode the session is in cookies afterwards, else the tokens are in the result.

const KEY = "provider-sign-in";

const BEGIN = `mutation BeginProviderSignIn($input: BeginProviderSignInInput!) {
  beginProviderSignIn(input: $input) {
    ... on BeginProviderSignInSuccess { url handle }
    ... on UserError { code message retryable }
  }
}`;

const COMPLETE = `mutation CompleteProviderSignIn($input: CompleteProviderSignInInput!) {
  completeProviderSignIn(input: $input) {
    __typename
    ... on CompleteProviderSignInSuccess { deviceToken tokens { accessToken refreshToken } me { id email } }
    ... on SecondFactorRequiredProblem { challenge methods expiresAt }
    ... on UserError { code message retryable }
  }
}`;

/** Begins. Open the returned address in the same window: `location.assign(url)`. */
export async function beginSignIn(post, provider, redirectUri, storage = sessionStorage) {
  const { url, handle, message } = (await post(BEGIN, { input: { provider, redirectUri } })).beginProviderSignIn;
  if (!url) throw new Error(message);
  // Only this tab has it, so that no response to somebody else's sign-in is completed here.
  storage.setItem(KEY, handle);
  return url;
}

/**
 * Completes, with the parameters of the page's address: `new URLSearchParams(location.search)`. Then remove them from the address with
 * `history.replaceState`. The result has a session, a challenge for `completeSignIn`, or a problem to show.
 */
export async function completeSignIn(post, parameters, storage = sessionStorage) {
  const handle = storage.getItem(KEY);
  if (!handle) throw new Error("This page has not begun to sign in.");
  const { state = "", code, error, iss } = Object.fromEntries(parameters);
  const outcome = (await post(COMPLETE, { input: { handle, state, code, error, iss } })).completeProviderSignIn;
  // After a failure of the provider the same request can succeed.
  if (!outcome.retryable) storage.removeItem(KEY);
  return outcome;
}
