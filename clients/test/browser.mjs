// A browser as far as cookies are concerned: it keeps them, and sends them and the origin of its page with every request.
import WebSocket from "ws";
import { URL } from "./world.mjs";

export class Browser {
  /** The cookies, by name. No script can read them. */
  cookies = new Map();
  /** The texts of all responses, which scripts can read. */
  texts = [];

  constructor(origin = new globalThis.URL(URL).origin) {
    this.origin = origin;
  }

  /** The same browser, with a page of another origin. */
  at(origin) {
    return Object.assign(new Browser(origin), { cookies: this.cookies });
  }

  get #headers() {
    return { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "), origin: this.origin };
  }

  /** `fetch` of its page. */
  fetch = async (url, options) => {
    const headers = { ...Object.fromEntries(new Headers(options.headers)), ...this.#headers };
    const response = await fetch(url, { ...options, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
      if (!cookie.includes("; HttpOnly")) throw new Error(`a script can read ${cookie}`);
      if (cookie.includes("; Max-Age=0;")) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    this.texts.push(await response.clone().text());
    return response;
  };

  /** Websockets of its page, whose connections can be cut. */
  cable() {
    const sockets = new Set();
    const headers = () => this.#headers;
    const webSocketImpl = class extends WebSocket {
      constructor(url, protocols) {
        super(url, protocols, { headers: headers() });
        sockets.add(this);
        this.on("close", () => sockets.delete(this));
      }
    };
    const cut = () => {
      const count = sockets.size;
      for (const socket of sockets) socket.terminate();
      return count;
    };
    return { webSocketImpl, cut };
  }
}
