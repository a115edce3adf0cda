// What the tabs of the journey tell each other: a step names where its answer has what later steps use, and a text `{{name}}` in
// their variables stands for it.
"use strict";

const Journey = (() => {
  const MEMORY = "staygate.journey";
  const PLACE = /^\{\{(\w+)\}\}$/;
  /** Days from now until the first check-in, at least and at most: people who try it together want other nights. */
  const SOONEST = 21;
  const LATEST = 70;
  const NIGHTS = 3;

  const steps = JSON.parse(document.getElementById("explorer").dataset.journey);
  const named = (name) => steps.find((step) => step.name === name);

  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

  const fresh = () => {
    const start = SOONEST + Math.floor(Math.random() * (LATEST - SOONEST));
    return { found: { checkIn: day(start), checkOut: day(start + NIGHTS) }, ran: [], shown: {} };
  };

  /** `found`: values by name. `ran`: names of steps that had an answer. `shown`: the variables last put into the tab of a step. */
  const memory = (() => {
    try {
      return JSON.parse(sessionStorage.getItem(MEMORY)) ?? fresh();
    } catch {
      return fresh();
    }
  })();
  const save = () => sessionStorage.setItem(MEMORY, JSON.stringify(memory));
  save();

  const at = (value, pointer) => pointer.slice(1).split("/").reduce((inner, key) => inner?.[key], value);

  /** Keeps what the answer to a step has for later ones. What it has not found is forgotten: it would be of an earlier run. */
  const learn = (name, variables, answer) => {
    const step = named(name);
    if (!step || !answer?.data) return;
    if (!memory.ran.includes(name)) memory.ran.push(name);
    for (const [what, pointer] of step.finds) {
      const value = at({ data: answer.data, variables }, pointer);
      if (typeof value === "string") memory.found[what] = value;
      else delete memory.found[what];
    }
    save();
  };

  /** `value` with `replace(name)` for each place. */
  const filled = (value, replace) => {
    if (Array.isArray(value)) return value.map((item) => filled(item, replace));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, replace)]));
    }
    const place = typeof value === "string" && PLACE.exec(value)?.[1];
    return place ? replace(place, value) : value;
  };

  /** The variables of a step as they are shown: with what is known, and the names of what is not. */
  const shown = (step) => {
    if (!step.variables) return "";
    const known = (place, text) => memory.found[place] ?? text;
    return JSON.stringify(filled(JSON.parse(step.variables), known), null, 2);
  };

  /** The variables of a step for a new tab. */
  const first = (step) => {
    memory.shown[step.name] = shown(step);
    save();
    return memory.shown[step.name];
  };

  /** New variables for the tab of a step, or undefined if they are up to date or people have written their own. */
  const update = (name, text) => {
    const step = named(name);
    if (!step) return undefined;
    const before = memory.shown[name] ?? step.variables;
    const next = shown(step);
    if (text === next || (text !== before && text !== step.variables)) return undefined;
    memory.shown[name] = next;
    save();
    return next;
  };

  /** A new idempotency key. `randomUUID` is only there over https and on this machine. */
  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  /** Which tab has to be run first, or what it did not find. */
  const missing = (finder) => {
    const ran = memory.ran.includes(finder.name);
    return ran ? `The tab ${finder.name} found no value for this tab.` : `Run the tab ${finder.name} first: this tab uses its result.`;
  };

  /** The variables to send, or why there are none: `{ variables }` or `{ problem }`. */
  const ready = (given) => {
    const keys = {};
    let problem;
    const variables = filled(given, (place, text) => {
      if (place.endsWith("key")) return (keys[place] ??= newKey());
      const finder = steps.find(({ finds }) => finds.some(([what]) => what === place));
      if (finder && memory.found[place] === undefined) problem ??= missing(finder);
      return memory.found[place] ?? text;
    });
    return problem ? { problem } : { variables };
  };

  return { steps, named, first, learn, update, ready };
})();
