// Tests the pages as a visitor: signs in, runs every tab of the journey in order, and takes screenshots, light and dark, on a wide
// screen and on a phone. Fails if a tab does not work, or if a page is wider than the screen, violates its content security policy, or
// sends a request to another host. Called by scripts/screenshots.sh with STAYGATE_URL, CHROMIUM and OUT.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const { STAYGATE_URL: url, CHROMIUM: executablePath, OUT: out } = process.env;
const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const PATIENCE = 30_000;
const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

const browser = await chromium.launch({ executablePath, args });

/** A browser's tab that counts what it should not do. */
const visitor = async (look) => {
  const context = await browser.newContext(look);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const faults = [];
  page.on("request", (request) => new URL(request.url()).origin === url || /^(data|blob):/.test(request.url()) || faults.push(`asked ${request.url()}`));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  return { page, faults, close: () => context.close() };
};

const answer = (page) => page.evaluate(() => document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue() ?? "");

const open = async (page, name) => {
  await page.locator(".graphiql-tab-button", { hasText: new RegExp(`^${name}$`) }).click();
  await page.locator(".graphiql-tab-active", { hasText: name }).waitFor();
};

/** Opens a tab, runs it, and waits until its answer has a word. */
const run = async (page, name, word) => {
  await open(page, name);
  await page.locator(".graphiql-execute-button").click();
  const has = (word) => document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue().includes(word);
  await page.waitForFunction(has, word, { timeout: PATIENCE }).catch(async () => assert.fail(`${name} has no ${word}: ${await answer(page)}`));
};

const signIn = async (page, role) => {
  await page.getByRole("button", { name: `Sign in as demo ${role}` }).click();
  await page.getByText(`Signed in as Demo ${role}`).first().waitFor();
};

const events = (page) => page.locator("#events li").allInnerTexts();

const picture = (page, name, fullPage = false) => page.screenshot({ path: `${out}/${name}.png`, fullPage });

/** The whole journey, with pictures where there is something to see. */
const journey = async (name, look) => {
  const { page, faults, close } = await visitor(look);
  const fits = async () => assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= look.viewport.width, "it fits the screen");
  await page.goto(`${url}/`);
  await signIn(page, "guest");
  await fits();
  await picture(page, `${name}-home`, true);
  await page.getByRole("link", { name: "Search stays" }).click();
  await page.getByText("Signed in as Demo guest").first().waitFor();
  await run(page, "Search", '"listing"');
  await fits();
  await picture(page, `${name}-search`);
  await run(page, "Quote", "QuoteStaySuccess");
  await run(page, "Book", "CreateBookingSuccess");
  await run(page, "Pay", "CONFIRMED");
  await run(page, "Watch", "PAYMENT_CAPTURED");
  await run(page, "Cancel", "CancelBookingSuccess");
  // The stream continued while another tab was open.
  await page.locator("#events li", { hasText: "REFUND_CREATED" }).waitFor();
  assert.equal((await events(page)).length, 4, "every event is listed once");
  await open(page, "Watch");
  await picture(page, `${name}-events`);
  await run(page, "FindHost", '"listing"');
  await run(page, "QuoteRequest", "QuoteStaySuccess");
  await run(page, "Request", "AUTHORIZED");
  await open(page, "Requests");
  await page.getByText("This tab is for a host.").waitFor();
  await picture(page, `${name}-host`);
  await signIn(page, "host");
  await run(page, "Requests", "Demo guest");
  await run(page, "Accept", "CONFIRMED");
  await run(page, "HostCancel", "CANCELLED");
  await fits();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("Not signed in").first().waitFor();
  await run(page, "Requests", '"me": null');
  await close();
  assert.deepEqual(faults, [], name);
  console.log(`==> ${name}: 12 tabs, nothing loaded from another host`);
};

try {
  for (const colorScheme of ["light", "dark"]) {
    await journey(`wide-${colorScheme}`, { ...WIDE, colorScheme });
    await journey(`phone-${colorScheme}`, { ...PHONE, colorScheme });
  }
} finally {
  await browser.close();
}
