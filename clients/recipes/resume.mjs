// Follows a stream of events across connections without losing any. Clients that reconnect automatically resubscribe with their first
// variables, so the events in between are lost. Turn that off, and continue from the cursor of the last event.

/**
 * @param open      opens one connection: `open(after)` returns its results as an async iterable
 * @param after     the cursor to start from; a query returns the current one (`me { tripEventCursor }`)
 * @param cursorOf  the cursor of a result
 * @param signal    an `AbortSignal` that stops reconnecting; the caller that aborts it also closes the connection
 * @param isFatal   whether an error is permanent; it is then thrown
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
    // Exponential backoff with jitter.
    const longest = Math.min(pause * 2 ** attempt++, 30_000);
    await new Promise((resolve) => setTimeout(resolve, longest * (0.5 + Math.random() / 2)));
  }
}
