// Follows a stream of events across connections without losing one. Clients that reconnect by themselves subscribe again with the
// variables of the first time, so what happened in between is lost. Turn that off, and continue from the cursor of the last event.

/**
 * @param open      opens one connection: `open(after)` gives its results as an async iterable
 * @param after     the cursor to start from; a query gives the one of its own moment (`me { tripEventCursor }`)
 * @param cursorOf  the cursor of a result
 * @param signal    an `AbortSignal` that says not to connect again; whoever aborts it also closes the connection
 * @param isFatal   whether an error is one that another attempt does not mend; it is thrown
 */
export async function* resume(open, { after, cursorOf, signal, isFatal = () => false, pause = 50 }) {
  let attempt = 0;
  while (!signal?.aborted) {
    try {
      for await (const result of open(after)) {
        after = cursorOf(result);
        attempt = 0;
        yield result;
      }
    } catch (error) {
      if (isFatal(error)) throw error;
    }
    if (signal?.aborted) return;
    // Longer each time, and not in step with others.
    const longest = Math.min(pause * 2 ** attempt++, 30_000);
    await new Promise((wake) => setTimeout(wake, longest * (0.5 + Math.random() / 2)));
  }
}
