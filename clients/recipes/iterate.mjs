// Converts an observable, as Apollo returns, to an async iterable for `for await`.

export async function* iterate(observable) {
  const results = [];
  let wake = () => {};
  let end = null;
  const subscription = observable.subscribe({
    next: (result) => (results.push(result), wake()),
    error: (error) => ((end = { error }), wake()),
    complete: () => ((end = {}), wake()),
  });
  try {
    for (;;) {
      if (results.length) yield results.shift();
      else if (end?.error) throw end.error;
      else if (end) return;
      else await new Promise((resolve) => (wake = resolve));
    }
  } finally {
    subscription.unsubscribe();
  }
}
