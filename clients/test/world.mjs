// What the tests need of the server besides the client under test: people, listings, things that happen.
import WebSocket from "ws";
import { Session } from "../recipes/session.mjs";

export const URL = process.env.STAYGATE_URL ?? "http://127.0.0.1:8080/graphql";

/** Sends one operation and gives its data. */
export async function run(session, query, variables) {
  const headers = { "content-type": "application/json", authorization: session?.authorization ?? "" };
  const response = await fetch(URL, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

let people = 0;

/** A new guest, signed in. */
export async function guest() {
  const session = new Session(URL);
  const variables = { email: `guest-${process.pid}-${Date.now()}-${people++}@example.com`, password: "a long enough password" };
  const data = await run(
    null,
    `mutation Register($email: Email!, $password: String!) {
      registerUser(input: { email: $email, password: $password, displayName: "Gina" }) {
        ... on RegisterUserSuccess { tokens { accessToken refreshToken } }
        ... on UserError { code message }
      }
    }`,
    variables,
  );
  ({ accessToken: session.accessToken, refreshToken: session.refreshToken } = data.registerUser.tokens);
  return session;
}

const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
let stays = 0;

/** Listings that can be booked at once for one stay, each test another one. */
export async function bookable(count) {
  const start = 14 + 3 * stays++;
  const stay = { checkIn: day(start), checkOut: day(start + 2) };
  const listings = [];
  for (let after = null; listings.length < count; ) {
    const { searchListings } = await run(
      null,
      `query Bookable($stay: StayInput!, $after: Cursor) {
        searchListings(where: { instantBook: true }, stay: $stay, first: 50, after: $after) {
          nodes { listing { id } }
          pageInfo { hasNextPage endCursor }
        }
      }`,
      { stay, after },
    );
    listings.push(...searchListings.nodes.map(({ listing }) => listing.id));
    if (!searchListings.pageInfo.hasNextPage) break;
    after = searchListings.pageInfo.endCursor;
  }
  if (listings.length < count) throw new Error(`only ${listings.length} listings can be booked`);
  return { stay, listings: listings.slice(0, count) };
}

/** Books a stay without paying for it: one event. */
export async function book(session, listing, stay) {
  const quoted = await run(
    session,
    `mutation Quote($input: QuoteStayInput!) {
      quoteStay(input: $input) { ... on QuoteStaySuccess { quote { id } } ... on UserError { code message } }
    }`,
    { input: { listingId: listing, stay } },
  );
  const created = await run(
    session,
    `mutation Book($input: CreateBookingInput!) {
      createBooking(input: $input) { ... on CreateBookingSuccess { booking { id } } ... on UserError { code message } }
    }`,
    { input: { quoteId: quoted.quoteStay.quote.id, idempotencyKey: crypto.randomUUID() } },
  );
  if (!created.createBooking.booking) throw new Error(JSON.stringify(created));
  return created.createBooking.booking.id;
}

/** Cancels a booking: one event. */
export async function cancel(session, booking) {
  const data = await run(
    session,
    `mutation Cancel($input: CancelBookingInput!) {
      cancelBooking(input: $input) { __typename ... on UserError { code message } }
    }`,
    { input: { bookingId: booking, idempotencyKey: crypto.randomUUID() } },
  );
  if (data.cancelBooking.__typename !== "CancelBookingSuccess") throw new Error(JSON.stringify(data));
}

/** The ids of all events of some bookings. */
export async function history(session, bookings) {
  const ids = [];
  for (const id of bookings) {
    const { booking } = await run(
      session,
      "query History($id: ID!) { booking(id: $id) { timeline(first: 100) { nodes { id } } } }",
      { id },
    );
    ids.push(...booking.timeline.nodes.map((event) => event.id));
  }
  return ids;
}

/** The place in the stream of now. */
export async function now(session) {
  return (await run(session, "query Now { me { tripEventCursor } }")).me.tripEventCursor;
}

/** Websockets that can be cut like a cable. */
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

  cut() {
    for (const socket of this.#sockets) socket.terminate();
  }
}
