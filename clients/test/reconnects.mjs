// The same trial for every client that follows events: fifty cuts, and nothing lost.
import assert from "node:assert/strict";
import { book, bookable, cancel, guest, history, now } from "./world.mjs";

const CUTS = 50;

/** `follow(session, after)` gives `{ events, cut, close }`: results as an async iterable, and how to cut the connection. */
export async function losesNothing(follow) {
  const session = await guest();
  const { stay, listings } = await bookable(CUTS / 2);
  const { events, cut, close } = await follow(session, await now(session));
  const seen = new Map();
  let wake = () => {};
  const reading = (async () => {
    for await (const result of events) {
      const event = result.data.myTripEvents;
      seen.set(event.id, event);
      wake();
    }
  })();
  reading.catch(() => {});
  const sees = async (count) => {
    while (seen.size < count) await new Promise((resolve) => (wake = resolve));
  };
  const bookings = [];
  for (let step = 0; step < CUTS; step++) {
    // Half of the cuts come before something happens, half at the same moment.
    if (step % 4 < 2) cut();
    const happening = step % 2 ? cancel(session, bookings.at(-1)) : book(session, listings[step / 2], stay);
    if (step % 4 >= 2) cut();
    const booking = await happening;
    if (booking) bookings.push(booking);
    await Promise.race([sees(step + 1), reading]);
  }
  const all = await history(session, bookings);
  assert.equal(all.length, CUTS);
  assert.deepEqual([...seen.keys()], all, "every event, in order");
  await close?.();
}
