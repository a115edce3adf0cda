// A session in cookies, for single-page apps: no script holds a token. The app and the API must be of one site, such as
// https://example.com and https://api.example.com, and the server lists the origin of the app in --cookie-origins.

const SIGN_IN = `mutation SignIn($email: Email!, $password: String!) {
  signIn(input: { email: $email, password: $password }) {
    ... on SignInSuccess { tokens { accessTokenExpiresAt } }
    ... on UserError { code message }
  }
}`;

const REFRESH = `mutation Refresh {
  refreshSession(input: {}) {
    ... on RefreshSessionSuccess { tokens { accessTokenExpiresAt } }
    ... on UserError { code message }
  }
}`;

const SIGN_OUT = `mutation SignOut {
  signOut(input: {}) {
    ... on SignOutSuccess { ended }
    ... on UserError { code message }
  }
}`;

/** How every request is sent: with cookies, and with the header that asks for them. */
export const COOKIE_MODE = { credentials: "include", headers: { "staygate-session": "cookie" } };

export class CookieSession {
  /** The page has no token to send, also not in `connection_init`: the browser adds the cookie to the handshake. */
  authorization = "";
  #refreshing = null;

  constructor(url, options = {}) {
    this.url = url;
    this.fetch = options.fetch ?? ((...request) => fetch(...request));
  }

  async signIn(email, password) {
    const outcome = (await this.#post(SIGN_IN, { email, password })).signIn;
    if (!outcome.tokens) throw new Error(outcome.message);
  }

  /** Renews the cookies, for all tabs. When the session is over, the server removes them, and the next request is a visitor's. */
  refresh() {
    this.#refreshing ??= this.#post(REFRESH).finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async signOut() {
    await this.#post(SIGN_OUT);
  }

  async #post(query, variables) {
    const headers = { ...COOKIE_MODE.headers, "content-type": "application/json" };
    const body = JSON.stringify({ query, variables });
    const response = await this.fetch(this.url, { ...COOKIE_MODE, method: "POST", headers, body });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message);
    return data;
  }
}
