// Values that the tabs of the journey share: a step names the values in its response that later steps use, and their variables refer
// to a value by the placeholder `{{name}}`.
"use strict";

const Journey = (() => {
  const STORAGE_KEY = "staygate.journey";
  const PLACEHOLDER = /^\{\{(\w+)\}\}$/;
  /** Minimum and maximum days until check-in. The day is random, so that concurrent visitors request different nights. */
  const MIN_DAYS = 21;
  const MAX_DAYS = 70;
  const NIGHTS = 3;

  const steps = JSON.parse(document.getElementById("explorer").dataset.journey);
  const findStep = (name) => steps.find((step) => step.name === name);

  const dayFromNow = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

  const emptyMemory = () => {
    const start = MIN_DAYS + Math.floor(Math.random() * (MAX_DAYS - MIN_DAYS));
    return { found: { checkIn: dayFromNow(start), checkOut: dayFromNow(start + NIGHTS) }, ran: [], shown: {} };
  };

  /** `found`: values by name. `ran`: names of steps that got a response. `shown`: the last variables that were set in the tab of a step. */
  const memory = (() => {
    try {
      return JSON.parse(sessionStorage.getItem(STORAGE_KEY)) ?? emptyMemory();
    } catch {
      return emptyMemory();
    }
  })();
  const save = () => sessionStorage.setItem(STORAGE_KEY, JSON.stringify(memory));
  save();

  const valueAt = (value, pointer) => pointer.slice(1).split("/").reduce((inner, key) => inner?.[key], value);

  /** Stores the values of a response that later steps use. Values that it lacks are deleted, because they are from an earlier run. */
  const storeValues = (name, variables, response) => {
    const step = findStep(name);
    if (!step || !response?.data) return;
    if (!memory.ran.includes(name)) memory.ran.push(name);
    for (const [what, pointer] of step.finds) {
      const value = valueAt({ data: response.data, variables }, pointer);
      if (typeof value === "string") memory.found[what] = value;
      else delete memory.found[what];
    }
    save();
  };

  /** `value` with `replace(name)` for each placeholder. */
  const replacePlaceholders = (value, replace) => {
    if (Array.isArray(value)) return value.map((item) => replacePlaceholders(item, replace));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replacePlaceholders(item, replace)]));
    }
    const placeholder = typeof value === "string" && PLACEHOLDER.exec(value)?.[1];
    return placeholder ? replace(placeholder, value) : value;
  };

  /** The variables of a step as text: with the known values, and placeholders for the others. */
  const filledVariables = (step) => {
    if (!step.variables) return "";
    const known = (name, text) => memory.found[name] ?? text;
    return JSON.stringify(replacePlaceholders(JSON.parse(step.variables), known), null, 2);
  };

  /** The variables of a step for a new tab. */
  const initialVariables = (step) => {
    memory.shown[step.name] = filledVariables(step);
    save();
    return memory.shown[step.name];
  };

  /** New variables for the tab of a step, or undefined if they are up to date or were edited. */
  const updateVariables = (name, text) => {
    const step = findStep(name);
    if (!step) return undefined;
    const before = memory.shown[name] ?? step.variables;
    const next = filledVariables(step);
    if (text === next || (text !== before && text !== step.variables)) return undefined;
    memory.shown[name] = next;
    save();
    return next;
  };

  /** A new idempotency key. `randomUUID` exists only over https and on localhost. */
  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  /** Why a value is missing: its tab has not run yet, or has found none. */
  const missingMessage = (finder) => {
    const ran = memory.ran.includes(finder.name);
    return ran ? `The tab ${finder.name} found no value for this tab.` : `Run the tab ${finder.name} first: this tab uses its result.`;
  };

  /** The variables to send, or the reason why a value is missing: `{ variables }` or `{ problem }`. */
  const prepareVariables = (given) => {
    const keys = {};
    let problem;
    const variables = replacePlaceholders(given, (name, text) => {
      if (name.endsWith("key")) return (keys[name] ??= newKey());
      const finder = steps.find(({ finds }) => finds.some(([what]) => what === name));
      if (finder && memory.found[name] === undefined) problem ??= missingMessage(finder);
      return memory.found[name] ?? text;
    });
    return problem ? { problem } : { variables };
  };

  return { steps, findStep, initialVariables, storeValues, updateVariables, prepareVariables };
})();
