// Tests the pages as a visitor: signs in, runs every tab of the journey in order, and takes screenshots, light and dark, on a wide
// screen and on a phone. Fails if a tab does not work, or if a page is wider than the screen, violates its content security policy, or
// sends a request to another host. Called by scripts/screenshots.sh with STAYGATE_URL, CHROMIUM and OUT.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const { STAYGATE_URL: url, CHROMIUM: executablePath, OUT: out } = process.env;
const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const TIMEOUT = 30_000;
const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

const browser = await chromium.launch({ executablePath, args });

/** Opens a browser page that records requests to other hosts and errors. */
const openPage = async (options) => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT);
  const problems = [];
  page.on("request", (request) => new URL(request.url()).origin === url || /^(data|blob):/.test(request.url()) || problems.push(`requested ${request.url()}`));
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  return { page, problems, close: () => context.close() };
};

const responseText = (page) => page.evaluate(() => document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue() ?? "");

const openTab = async (page, name) => {
  await page.locator(".graphiql-tab-button", { hasText: new RegExp(`^${name}$`) }).click();
  await page.locator(".graphiql-tab-active", { hasText: name }).waitFor();
};

/** Opens a tab, runs it, and waits until its response contains a word. */
const runTab = async (page, name, word) => {
  await openTab(page, name);
  await page.locator(".graphiql-execute-button").click();
  const has = (word) => document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue().includes(word);
  await page.waitForFunction(has, word, { timeout: TIMEOUT }).catch(async () => assert.fail(`${name} has no ${word}: ${await responseText(page)}`));
};

const signIn = async (page, role) => {
  await page.getByRole("button", { name: `Sign in as demo ${role}` }).click();
  await page.getByText(`Signed in as Demo ${role}`).first().waitFor();
};

const events = (page) => page.locator("#events li").allInnerTexts();

const screenshot = (page, name, fullPage = false) => page.screenshot({ path: `${out}/${name}.png`, fullPage });

/** Runs the whole journey and takes screenshots. */
const runJourney = async (name, options) => {
  const { page, problems, close } = await openPage(options);
  const assertFits = async () => assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= options.viewport.width, "it fits the screen");
  await page.goto(`${url}/`);
  await signIn(page, "guest");
  await assertFits();
  await screenshot(page, `${name}-home`, true);
  await page.getByRole("link", { name: "Search stays" }).click();
  await page.getByText("Signed in as Demo guest").first().waitFor();
  await runTab(page, "Search", '"listing"');
  await assertFits();
  await screenshot(page, `${name}-search`);
  await runTab(page, "Quote", "QuoteStaySuccess");
  await runTab(page, "Book", "CreateBookingSuccess");
  await runTab(page, "Pay", "CONFIRMED");
  await runTab(page, "Watch", "PAYMENT_CAPTURED");
  await runTab(page, "Cancel", "CancelBookingSuccess");
  // The stream continued while another tab was open.
  await page.locator("#events li", { hasText: "REFUND_CREATED" }).waitFor();
  assert.equal((await events(page)).length, 4, "every event is listed once");
  await openTab(page, "Watch");
  await screenshot(page, `${name}-events`);
  await runTab(page, "FindHost", '"listing"');
  await runTab(page, "QuoteRequest", "QuoteStaySuccess");
  await runTab(page, "Request", "AUTHORIZED");
  await openTab(page, "Requests");
  await page.getByText("This tab is for a host.").waitFor();
  await screenshot(page, `${name}-host`);
  await signIn(page, "host");
  await runTab(page, "Requests", "Demo guest");
  await runTab(page, "Accept", "CONFIRMED");
  await runTab(page, "HostCancel", "CANCELLED");
  await assertFits();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("Not signed in").first().waitFor();
  await runTab(page, "Requests", '"me": null');
  await close();
  assert.deepEqual(problems, [], name);
  console.log(`==> ${name}: 12 tabs, nothing loaded from another host`);
};

try {
  for (const colorScheme of ["light", "dark"]) {
    await runJourney(`wide-${colorScheme}`, { ...WIDE, colorScheme });
    await runJourney(`phone-${colorScheme}`, { ...PHONE, colorScheme });
  }
} finally {
  await browser.close();
}
