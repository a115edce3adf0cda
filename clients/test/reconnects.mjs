// The same test for every client that follows events: fifty interruptions, and no event lost.
import assert from "node:assert/strict";
import { book, cancel, guest, history, now, pay, rooms } from "./world.mjs";

const CUTS = 50;

/**
 * `follow(session, after, signal)` returns `{ events, cut, close }`: results as an async iterable, and a function that cuts the connections and
 * returns their number.
 */
export async function losesNoEvent(follow) {
  const session = await guest();
  const [room] = await rooms(1);
  const end = new AbortController();
  const { events, cut, close } = await follow(session, await now(session), end.signal);
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
  const sees = async (ids) => {
    while (!ids.every((id) => seen.has(id))) await new Promise((resolve) => (wake = resolve));
  };
  const all = [];
  let booking;
  for (let step = 0; step <= CUTS; step++) {
    // A booking is created, paid and canceled, and then the next. From the second on, every other interruption comes before a change,
    // and the others at the same time as one.
    const happens = [async () => (booking = await book(session, room)), () => pay(session, booking), () => cancel(session, booking)];
    if (step % 2 === 1) assert.ok(cut() > 0, "it was connected");
    const happening = happens[step % 3]();
    if (step > 0 && step % 2 === 0) assert.ok(cut() > 0, "it was connected");
    await happening;
    const events = (await history(session, booking)).filter((id) => !all.includes(id));
    assert.ok(events.length > 0, "something happened");
    await Promise.race([sees(events), reading]);
    all.push(...events);
  }
  assert.deepEqual([...seen.keys()], all, "every event, in order");
  end.abort();
  await close();
  await reading;
}
