// Stores a user's pair of tokens, and exchanges the refresh token for a new pair: once, however many requests find that the access
// token has expired. `refreshSession` and `signIn` ignore the access token, so an expired one does no harm.

const SIGN_IN = `mutation SignIn($email: Email!, $password: String!) {
  signIn(input: { email: $email, password: $password }) {
    ... on SignInSuccess { tokens { accessToken refreshToken } }
    ... on UserError { code message }
  }
}`;

const REFRESH = `mutation Refresh($refreshToken: String!) {
  refreshSession(input: { refreshToken: $refreshToken }) {
    ... on RefreshSessionSuccess { tokens { accessToken refreshToken } }
    ... on UserError { code message }
  }
}`;

export class Session {
  accessToken = null;
  refreshToken = null;
  #refreshing = null;

  constructor(url) {
    this.url = url;
  }

  /** The value of the `Authorization` header: empty for visitors. */
  get authorization() {
    return this.accessToken ? `Bearer ${this.accessToken}` : "";
  }

  async signIn(email, password) {
    this.#store((await this.#post(SIGN_IN, { email, password })).signIn);
  }

  /** Gets a new pair. Calls during a refresh wait for the same one. */
  refresh() {
    this.#refreshing ??= this.#post(REFRESH, { refreshToken: this.refreshToken })
      .then((data) => this.#store(data.refreshSession))
      .finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  #store(outcome) {
    if (!outcome.tokens) throw new Error(outcome.message);
    ({ accessToken: this.accessToken, refreshToken: this.refreshToken } = outcome.tokens);
  }

  async #post(query, variables) {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message);
    return data;
  }
}

/** Whether the errors mean that the access token has expired or is invalid, so that a new one may help. */
export const isUnauthenticated = (errors) => errors?.some((error) => error.extensions?.code === "UNAUTHENTICATED") ?? false;
