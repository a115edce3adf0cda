// Keeps a person's pair of tokens, and trades the refresh token for a new pair: once, however many requests find that the access
// token has expired. `refreshSession` and `signIn` never look at the access token, so a stale one cannot be in their way.

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

  /** The value of the header: empty for visitors. */
  get authorization() {
    return this.accessToken ? `Bearer ${this.accessToken}` : "";
  }

  async signIn(email, password) {
    this.#keep((await this.#post(SIGN_IN, { email, password })).signIn);
  }

  /** Gets a new pair. Callers that come while one is on its way wait for it. */
  refresh() {
    this.#refreshing ??= this.#post(REFRESH, { refreshToken: this.refreshToken })
      .then((data) => this.#keep(data.refreshSession))
      .finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  #keep(outcome) {
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

/** Whether errors say that the access token is no good, so that a new one may help. */
export const isStale = (errors) => errors?.some((error) => error.extensions?.code === "UNAUTHENTICATED") ?? false;
