// Passkeys in a single-page app: sign in, add one, and prove who one is. The page is at the domain of the passkeys (--passkey-domain). Options
// and responses are JSON, which the browser reads and writes itself. `request(query, variables)` sends an operation and returns its data.

const BEGIN = `mutation BeginPasskey {
  beginPasskey {
    ... on BeginPasskeySuccess { options }
    ... on RecentSignInRequiredProblem { methods }
    ... on UserError { code message }
  }
}`;

const ADD = `mutation AddPasskey($response: String!, $name: String!) {
  addPasskey(input: { response: $response, name: $name }) {
    ... on AddPasskeySuccess { passkey { id name } }
    ... on UserError { code message }
  }
}`;

const BEGIN_SIGN_IN = `mutation BeginPasskeySignIn {
  beginPasskeySignIn {
    ... on BeginPasskeySignInSuccess { options }
    ... on UserError { code message }
  }
}`;

const COMPLETE_SIGN_IN = `mutation CompletePasskeySignIn($response: String!) {
  completePasskeySignIn(input: { response: $response }) {
    ... on CompletePasskeySignInSuccess { me { id email } deviceToken tokens { accessToken refreshToken } }
    ... on UserError { code message }
  }
}`;

const BEGIN_CONFIRMATION = `mutation BeginPasskeyConfirmation {
  beginPasskeyConfirmation {
    ... on BeginPasskeyConfirmationSuccess { options }
    ... on UserError { code message }
  }
}`;

const CONFIRM = `mutation ConfirmIdentity($response: String!) {
  confirmIdentity(input: { passkey: $response }) {
    ... on ConfirmIdentitySuccess { confirmedUntil }
    ... on UserError { code message }
  }
}`;

/** Whether the browser knows passkeys. Show the button only then. */
export const hasPasskeys = () => Boolean(globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON);

/** Signs in. The browser asks which passkey, and verifies who is there. */
export async function signInWithPasskey(request) {
  const { options } = succeeded((await request(BEGIN_SIGN_IN)).beginPasskeySignIn);
  return succeeded((await request(COMPLETE_SIGN_IN, { response: await getPasskey(options) })).completePasskeySignIn);
}

/** Adds a passkey to the account that is signed in to. After a `RECENT_SIGN_IN_REQUIRED` prove who it is first, with `confirmIdentity`. */
export async function addPasskey(request, name) {
  const { options } = succeeded((await request(BEGIN)).beginPasskey);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options));
  const response = JSON.stringify(await navigator.credentials.create({ publicKey }));
  return succeeded((await request(ADD, { response, name })).addPasskey).passkey;
}

/** Proves who is there, after a `RecentSignInRequiredProblem` whose `methods` have `PASSKEY`. */
export async function confirmWithPasskey(request) {
  const { options } = succeeded((await request(BEGIN_CONFIRMATION)).beginPasskeyConfirmation);
  return succeeded((await request(CONFIRM, { response: await getPasskey(options) })).confirmIdentity);
}

/** Throws a `NotAllowedError` when the user cancels. */
async function getPasskey(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options));
  return JSON.stringify(await navigator.credentials.get({ publicKey }));
}

function succeeded(outcome) {
  if (outcome.code) throw Object.assign(new Error(outcome.message), outcome);
  return outcome;
}
