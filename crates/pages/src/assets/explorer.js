// GraphiQL against this server: HTTP for queries and mutations, a websocket for subscriptions, the session's token for both.
"use strict";

(() => {
  const { useEditorContext } = GraphiQL.React;
  const { parse } = GraphiQL.GraphQL;
  const MOST_EVENTS = 200;
  const root = document.getElementById("explorer");
  const { name, accounts, introspection } = root.dataset;
  const bar = SignIn.bar(JSON.parse(accounts), true);

  // ---- Sending ----

  /** The headers of a tab, with the token of the session unless the tab has one of its own. */
  const authorized = async (headers) => {
    if (Stream.header(headers, "authorization") !== undefined) return headers;
    const token = await Session.token();
    return token ? { ...headers, authorization: `Bearer ${token}` } : headers;
  };

  const post = async (params, headers) => {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: {
        accept: "application/graphql-response+json, application/json",
        "content-type": "application/json",
        ...(await authorized(headers)),
      },
      body: JSON.stringify(params),
    });
    return response.json();
  };

  const isUnauthenticated = ({ errors }) => errors?.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED");

  const overHttp = async (params, headers) => {
    let answer = await post(params, headers);
    if (isUnauthenticated(answer) && Session.read() && Stream.header(headers, "authorization") === undefined) {
      await Session.refresh().catch(() => {});
      answer = await post(params, headers);
    }
    Journey.learn(params.operationName, params.variables, answer);
    return answer;
  };

  // ---- Watching ----

  /** The tabs of GraphiQL as they are now. */
  let editor = null;
  const openTab = () => editor?.tabs[editor.activeTabIndex]?.id;

  /** The stream that runs, one at a time: `tab` is where it was started. It goes on while people use other tabs. */
  let watch = null;
  const panel = document.createElement("section");
  panel.id = "events";
  panel.hidden = true;
  panel.innerHTML = `<header><h2>Events</h2><span role="status"></span><button type="button">Stop</button></header><ol></ol>`;
  const [state, stop, list] = ["span", "button", "ol"].map((name) => panel.querySelector(name));
  stop.addEventListener("click", () => (watch?.isOpen ? watch.close("stopped") : (panel.hidden = true)));

  const showState = (text, isOpen) => {
    state.textContent = text;
    panel.classList.toggle("open", isOpen);
    stop.textContent = isOpen ? "Stop" : "Close";
  };

  const line = (payload) => {
    const item = document.createElement("li");
    const event = payload.data && Object.values(payload.data)[0];
    const part = (name, text) => text && item.append(Object.assign(document.createElement(name), { textContent: text }), " ");
    if (event?.kind) {
      part("time", event.at && new Date(event.at).toLocaleTimeString());
      part("strong", event.kind);
      part("code", event.booking?.id);
      part("span", event.booking?.status);
    } else part("code", JSON.stringify(payload));
    return item;
  };

  /** All events of the stream that runs, the newest first, where GraphiQL shows an answer. */
  const inPane = () => ({ events: watch.events });

  const overSocket = (params, headers, document) => ({
    subscribe: (observer) => {
      watch?.close("stopped");
      list.replaceChildren();
      panel.hidden = false;
      showState("Connecting …", true);
      const definitions = document.definitions.flatMap(({ variableDefinitions }) => variableDefinitions ?? []);
      const options = {
        canResume: definitions.some(({ variable }) => variable.name.value === "after"),
        authorize: () => authorized(headers),
        refresh: Session.refresh,
      };
      const own = { events: [], tab: openTab(), session: Session.read()?.email, isOpen: true };
      let isObserved = true;
      const over = (text) => {
        own.isOpen = false;
        if (watch === own) showState(text, false);
      };
      const stream = Stream.open(params, options, {
        state: (now) => showState(now === "open" ? "Live, newest first" : "Reconnecting …", true),
        next: (payload) => {
          own.events = [payload, ...own.events].slice(0, MOST_EVENTS);
          list.prepend(line(payload));
          while (list.children.length > MOST_EVENTS) list.lastChild.remove();
          if (isObserved) observer.next(inPane());
          else showInPane();
        },
        error: (reason) => {
          over(reason[0]?.message ?? "The stream failed.");
          if (isObserved) observer.error(reason);
        },
        complete: () => {
          over("The stream has ended.");
          if (isObserved) observer.complete();
        },
      });
      own.close = (text) => {
        stream.close();
        over(text);
        if (isObserved) observer.complete();
      };
      watch = own;
      return {
        // GraphiQL stops what runs when people open another tab; what they watch is to go on. In the same tab it was the button.
        unsubscribe: () => {
          isObserved = false;
          setTimeout(() => openTab() === own.tab && own.close("Stopped"), 100);
        },
      };
    },
  });

  const showInPane = () => {
    if (watch && watch.tab === openTab() && watch.events.length) {
      editor.responseEditor?.setValue(JSON.stringify(inPane(), null, 2));
    }
  };

  // A stream belongs to who started it.
  Session.listen((session) => watch?.isOpen && watch.session !== session?.email && watch.close("Signed out: the stream has ended"));

  // ---- GraphiQL ----

  /**
   * The document and the name of the operation to run. Right after people have opened a tab, GraphiQL still tells the name of the
   * last one; where there is one operation, it is meant. Without a document the server says what is wrong with it.
   */
  const chosen = ({ query, operationName }) => {
    let document;
    try {
      document = parse(query);
    } catch {
      return { operationName };
    }
    const operations = document.definitions.filter(({ kind }) => kind === "OperationDefinition");
    const named = operations.find(({ name }) => name?.value === operationName);
    const wanted = named ?? (operations.length === 1 ? operations[0] : undefined);
    return { document, operation: wanted?.operation, operationName: wanted ? wanted.name?.value : operationName };
  };

  const fetcher = async (given, options) => {
    const headers = options?.headers ?? {};
    const { variables, problem } = Journey.ready(given.variables);
    if (problem) return { errors: [{ message: problem }] };
    const { document, operation, operationName } = chosen(given);
    const params = { ...given, operationName, variables };
    return operation === "subscription" ? overSocket(params, headers, document) : overHttp(params, headers);
  };

  /** Follows the tabs: fills in what is known by now, and says who a tab is for. */
  const Follower = () => {
    editor = useEditorContext({ nonNull: true });
    const { tabs, activeTabIndex, queryEditor, variableEditor } = editor;
    const { id, title, operationName } = tabs[activeTabIndex] ?? {};
    const step = Journey.named(operationName ?? title);
    React.useEffect(() => {
      bar.suggest(step?.role ?? "anyone");
      const next = step && variableEditor && Journey.update(step.name, variableEditor.getValue());
      if (next) variableEditor.setValue(next);
      showInPane();
    }, [id, step, variableEditor]);
    // On a phone comments would be cut off.
    React.useEffect(() => queryEditor?.setOption("lineWrapping", matchMedia("(max-width: 48rem)").matches), [queryEditor]);
    return null;
  };

  // ---- Tabs ----

  const TABS = "graphiql:tabState";

  const newTab = (query, variables, operationName) => ({
    id: `tab-${Date.now()}-${Math.random().toString(36).slice(2)}`,
    title: operationName ?? "<untitled>",
    query,
    variables,
    headers: null,
    operationName,
    response: null,
  });

  const stepTab = (step) => newTab(step.query, Journey.first(step), step.name);

  const storedTabs = () => {
    try {
      const { tabs, activeTabIndex } = JSON.parse(sessionStorage.getItem(TABS));
      return { tabs, activeTabIndex };
    } catch {
      return { tabs: Journey.steps.map(stepTab), activeTabIndex: 0 };
    }
  };

  /** `?tab=Name` opens a step, `?query=…&variables=…` an operation. Nothing runs until somebody presses the button. */
  const asked = (tabs) => {
    const given = new URLSearchParams(location.search);
    const step = Journey.named(given.get("tab"));
    const query = given.get("query");
    const variables = given.get("variables");
    const isAsked = (tab) =>
      query ? tab.query === query && (tab.variables || null) === (variables || null) : (tab.operationName ?? tab.title) === step.name;
    if (!query && !step) return undefined;
    const open = tabs.findIndex(isAsked);
    if (open >= 0) return open;
    return tabs.push(query ? newTab(query, variables, given.get("operationName")) : stepTab(step)) - 1;
  };

  /** Puts the tabs where GraphiQL looks for those of the last visit. */
  const prepareTabs = () => {
    const state = storedTabs();
    state.activeTabIndex = asked(state.tabs) ?? state.activeTabIndex;
    const active = state.tabs[state.activeTabIndex];
    sessionStorage.setItem(TABS, JSON.stringify(state));
    for (const part of ["query", "variables", "operationName"]) {
      if (active?.[part]) sessionStorage.setItem(`graphiql:${part}`, active[part]);
      else sessionStorage.removeItem(`graphiql:${part}`);
    }
    // A reload shows the tab that was open then.
    if (location.search) history.replaceState(null, "", location.pathname);
  };

  prepareTabs();
  root.before(bar);
  root.after(panel);
  const hasContract = introspection === "true";
  const explorer = React.createElement(
    GraphiQL,
    {
      fetcher,
      // Everything is kept as long as the browser's tab is open, and no longer.
      storage: sessionStorage,
      // Without introspection there is nothing to read in the documentation.
      ...(hasContract ? {} : { schema: null }),
      defaultEditorToolsVisibility: "variables",
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
      showPersistHeadersSettings: false,
      toolbar: { additionalContent: React.createElement(Follower) },
    },
    React.createElement(GraphiQL.Logo, null, React.createElement("a", { href: "/", className: "home" }, name)),
  );
  ReactDOM.createRoot(root).render(explorer);
})();
