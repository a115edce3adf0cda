// Test data on the server, independent of the client under test: users, listings, events.
import WebSocket from "ws";
import { Session } from "../recipes/session.mjs";

export const URL = process.env.STAYGATE_URL ?? "http://127.0.0.1:8080/graphql";

/** Sends one operation and returns its data. */
export async function run(session, query, variables) {
  const headers = { "content-type": "application/json", authorization: session?.authorization ?? "" };
  const response = await fetch(URL, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

let people = 0;

/** A new guest, signed in. */
export const guest = () => person("Gina");

/** A new user, signed in. */
async function person(displayName) {
  const session = new Session(URL);
  const variables = { displayName, email: `${displayName.toLowerCase()}-${process.pid}-${Date.now()}-${people++}@example.com`, password: "a long enough password" };
  const data = await run(
    null,
    `mutation Register($email: Email!, $password: String!, $displayName: String!) {
      registerUser(input: { email: $email, password: $password, displayName: $displayName }) {
        ... on RegisterUserSuccess { tokens { accessToken refreshToken } }
        ... on UserError { code message }
      }
    }`,
    variables,
  );
  ({ accessToken: session.accessToken, refreshToken: session.refreshToken } = data.registerUser.tokens);
  const code = await mailedCode(variables.email);
  const verified = await run(
    session,
    `mutation Verify($code: String!) {
      verifyEmail(input: { code: $code }) { ... on VerifyEmailSuccess { accessToken } ... on UserError { code message } }
    }`,
    { code },
  );
  session.accessToken = verified.verifyEmail.accessToken;
  return session;
}

/** The code in the mail to an email, from the mailbox of the development server. */
async function mailedCode(email) {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const { mails } = await (await fetch(new globalThis.URL(`/dev/mail.json?to=${encodeURIComponent(email)}`, URL))).json();
    const code = mails[0]?.text.match(/\?code=(\S+)/)?.[1];
    if (code) return code;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no mail to ${email}`);
}

const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

/** Two nights, far enough ahead for a free cancellation. */
export const STAY = { checkIn: day(30), checkOut: day(32) };

/** Runs a mutation and returns its success. */
async function change(session, mutation, input, wanted = "") {
  const [first, ...others] = mutation;
  const name = first.toUpperCase() + others.join("");
  const outcome = (
    await run(
      session,
      `mutation Change($input: ${name}Input!) {
        ${mutation}(input: $input) {
          __typename
          ... on ${name}Success { ${wanted} }
          ... on UserError { code message path }
        }
      }`,
      { input },
    )
  )[mutation];
  if (outcome.__typename !== `${name}Success`) throw new Error(`${mutation}: ${JSON.stringify(outcome)}`);
  return outcome;
}

const ROOM = {
  title: "Room of the client tests",
  description: "Made by clients/test.",
  roomType: "PRIVATE_ROOM",
  propertyType: "APARTMENT",
  maxGuests: 2,
  bedrooms: 1,
  beds: 1,
  bathrooms: 1,
  amenities: ["Wifi"],
  photos: [{ url: "https://photos.staygate.example/room-of-the-client-tests.jpg" }],
  place: { city: "Singapore", countryCode: "SG", latitude: 1.2764, longitude: 103.8458 },
  pricing: { currency: "SGD", basePrice: 12_000 },
  instantBook: true,
  cancellationPolicy: "FLEXIBLE",
};

/** New listings of a new host, with instant book. */
export async function rooms(count) {
  const host = await person("Hugo");
  const ids = [];
  while (ids.length < count) {
    const { listing } = await change(host, "createListing", ROOM, "listing { id }");
    await change(host, "publishListing", { listingId: listing.id }, "listing { id }");
    ids.push(listing.id);
  }
  return ids;
}

/** Books a room without paying: its nights are held. */
export async function book(session, room) {
  const { quote } = await change(session, "quoteStay", { listingId: room, stay: STAY }, "quote { id }");
  const input = { quoteId: quote.id, idempotencyKey: crypto.randomUUID() };
  return (await change(session, "createBooking", input, "booking { id }")).booking.id;
}

/** Pays for a booking, which confirms it. */
export async function pay(session, booking) {
  const input = { booking: { id: booking }, method: { sandbox: "CARD_OK" }, idempotencyKey: crypto.randomUUID() };
  await change(session, "payBooking", input, "booking { status }");
}

/** Cancels a booking: its nights are free again, and the payment is refunded. */
export async function cancel(session, booking) {
  await change(session, "cancelBooking", { bookingId: booking, idempotencyKey: crypto.randomUUID() }, "booking { status }");
}

/** The IDs of all events of a booking, in order. */
export async function history(session, booking) {
  const query = "query History($id: ID!) { booking(id: $id) { timeline(first: 100) { nodes { id } } } }";
  return (await run(session, query, { id: booking })).booking.timeline.nodes.map((event) => event.id);
}

/** The current cursor of the stream. */
export async function now(session) {
  return (await run(session, "query Now { me { tripEventCursor } }")).me.tripEventCursor;
}

/** Websockets whose connections can be cut. */
export class Cable {
  #sockets = new Set();

  get webSocketImpl() {
    const sockets = this.#sockets;
    return class extends WebSocket {
      constructor(...parameters) {
        super(...parameters);
        sockets.add(this);
        this.on("close", () => sockets.delete(this));
      }
    };
  }

  /** The number of connections so far. */
  cut() {
    const count = this.#sockets.size;
    for (const socket of this.#sockets) socket.terminate();
    return count;
  }
}
