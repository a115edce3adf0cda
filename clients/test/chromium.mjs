// A real browser, Chromium without a window, through its DevTools protocol. Needs no package.
import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import WebSocket from "ws";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"];

/** The program, or null. `CHROMIUM` names another one. */
export function chromium() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [process.env.CHROMIUM, ...paths].find((path) => path && isProgram(path)) ?? null;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the browser. */
export async function launch(program) {
  const profile = mkdtempSync(join(tmpdir(), "staygate-chromium-"));
  const process = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => process.once("exit", resolve));
  const close = async () => {
    process.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
  try {
    const socket = new WebSocket(await endpoint(process, ended));
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return new Browser(socket, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** The address of the protocol, which the browser writes when it is ready. */
function endpoint(process, ended) {
  let said = "";
  return new Promise((resolve, reject) => {
    ended.then(() => reject(new Error(`the browser has ended: ${said}`)));
    process.stderr.on("data", (text) => {
      said += text;
      const found = said.match(/DevTools listening on (ws:\S+)/);
      if (found) resolve(found[1]);
    });
  });
}

class Browser {
  #socket;
  #answers = new Map();
  #listeners = new Set();
  #last = 0;

  constructor(socket, close) {
    this.#socket = socket;
    this.close = async () => {
      socket.terminate();
      await close();
    };
    socket.on("message", (text) => {
      const { id, result, error, ...event } = JSON.parse(text);
      if (id === undefined) return this.#listeners.forEach((listener) => listener(event));
      const [resolve, reject] = this.#answers.get(id);
      this.#answers.delete(id);
      if (error) reject(new Error(error.message));
      else resolve(result);
    });
  }

  /** Sends a command, to a page if there is a session. */
  send(method, params = {}, sessionId) {
    const id = ++this.#last;
    const answer = new Promise((...done) => this.#answers.set(id, done));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return answer;
  }

  /** Waits for an event. */
  event(method, sessionId) {
    return new Promise((resolve) => {
      const listener = (event) => {
        if (event.method !== method || event.sessionId !== sessionId) return;
        this.#listeners.delete(listener);
        resolve(event.params);
      };
      this.#listeners.add(listener);
    });
  }

  /** Opens a page. */
  async open(url) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    await this.send("Page.enable", {}, sessionId);
    const loaded = this.event("Page.loadEventFired", sessionId);
    await this.send("Page.navigate", { url }, sessionId);
    await loaded;
    return new Page(this, sessionId);
  }
}

class Page {
  constructor(browser, sessionId) {
    this.send = (method, params) => browser.send(method, params, sessionId);
  }

  /** An authenticator with a fingerprint reader, built into the device, whose user always agrees. */
  async addAuthenticator() {
    await this.send("WebAuthn.enable");
    const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
    return (await this.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
  }

  /** Runs the body of an async function in the page. Returns what it returns. */
  async run(body) {
    const expression = `(async () => { ${body} })()`;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true, userGesture: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }
}
