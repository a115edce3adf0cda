// GraphiQL for this server: HTTP for queries and mutations, a websocket for subscriptions, and the token of the session for both.
"use strict";

(() => {
  const { useEditorContext } = GraphiQL.React;
  const { parse } = GraphiQL.GraphQL;
  const MAX_EVENTS = 200;
  const root = document.getElementById("explorer");
  const { name, accounts, introspection } = root.dataset;
  const bar = SignIn.createBar(JSON.parse(accounts), true);

  // ---- Sending ----

  /** Adds the token of the session to the headers of a tab, unless they have one. */
  const authorize = async (headers) => {
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
        ...(await authorize(headers)),
      },
      body: JSON.stringify(params),
    });
    return response.json();
  };

  const isUnauthenticated = ({ errors }) => errors?.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED");

  const sendOverHttp = async (params, headers) => {
    let response = await post(params, headers);
    if (isUnauthenticated(response) && Session.read() && Stream.header(headers, "authorization") === undefined) {
      await Session.refresh().catch(() => {});
      response = await post(params, headers);
    }
    Journey.storeValues(params.operationName, params.variables, response);
    return response;
  };

  // ---- Subscriptions ----

  /** The editor context of GraphiQL, with its tabs. */
  let editor = null;
  const activeTab = () => editor?.tabs[editor.activeTabIndex]?.id;

  /** The running stream, one at a time. `tab` is the tab that started it; it continues while other tabs are open. */
  let activeStream = null;
  const panel = document.createElement("section");
  panel.id = "events";
  panel.hidden = true;
  panel.innerHTML = `<header><h2>Events</h2><span role="status"></span><button type="button">Stop</button></header><ol></ol>`;
  const [state, stop, list] = ["span", "button", "ol"].map((name) => panel.querySelector(name));
  stop.addEventListener("click", () => (activeStream?.isOpen ? activeStream.close("stopped") : (panel.hidden = true)));

  const showState = (text, isOpen) => {
    state.textContent = text;
    panel.classList.toggle("open", isOpen);
    stop.textContent = isOpen ? "Stop" : "Close";
  };

  const eventLine = (payload) => {
    const item = document.createElement("li");
    const event = payload.data && Object.values(payload.data)[0];
    const add = (name, text) => text && item.append(Object.assign(document.createElement(name), { textContent: text }), " ");
    if (event?.kind) {
      add("time", event.at && new Date(event.at).toLocaleTimeString());
      add("strong", event.kind);
      add("code", event.booking?.id);
      add("span", event.booking?.status);
    } else add("code", JSON.stringify(payload));
    return item;
  };

  /** The value of GraphiQL's response pane: all events of the running stream, newest first. */
  const paneValue = () => ({ events: activeStream.events });

  const subscribeOverSocket = (params, headers, document) => ({
    subscribe: (observer) => {
      activeStream?.close("stopped");
      list.replaceChildren();
      panel.hidden = false;
      showState("Connecting …", true);
      const definitions = document.definitions.flatMap(({ variableDefinitions }) => variableDefinitions ?? []);
      const options = {
        canResume: definitions.some(({ variable }) => variable.name.value === "after"),
        authorize: () => authorize(headers),
        refresh: Session.refresh,
      };
      const own = { events: [], tab: activeTab(), session: Session.read()?.email, isOpen: true };
      let isObserved = true;
      const end = (text) => {
        own.isOpen = false;
        if (activeStream === own) showState(text, false);
      };
      const stream = Stream.open(params, options, {
        state: (now) => showState(now === "open" ? "Live, newest first" : "Reconnecting …", true),
        next: (payload) => {
          own.events = [payload, ...own.events].slice(0, MAX_EVENTS);
          list.prepend(eventLine(payload));
          while (list.children.length > MAX_EVENTS) list.lastChild.remove();
          if (isObserved) observer.next(paneValue());
          else updatePane();
        },
        error: (reason) => {
          end(reason[0]?.message ?? "The stream failed.");
          if (isObserved) observer.error(reason);
        },
        complete: () => {
          end("The stream has ended.");
          if (isObserved) observer.complete();
        },
      });
      own.close = (text) => {
        stream.close();
        end(text);
        if (isObserved) observer.complete();
      };
      activeStream = own;
      return {
        // GraphiQL unsubscribes when another tab is opened, but the stream should continue. In the same tab, the user stopped it.
        unsubscribe: () => {
          isObserved = false;
          setTimeout(() => activeTab() === own.tab && own.close("Stopped"), 100);
        },
      };
    },
  });

  const updatePane = () => {
    if (activeStream && activeStream.tab === activeTab() && activeStream.events.length) {
      editor.responseEditor?.setValue(JSON.stringify(paneValue(), null, 2));
    }
  };

  // A stream ends with the session that started it.
  Session.listen((session) => activeStream?.isOpen && activeStream.session !== session?.email && activeStream.close("Signed out: the stream has ended"));

  // ---- GraphiQL ----

  /**
   * The document and the name of the operation to run. Right after a tab is opened, GraphiQL still passes the operation name of the
   * previous tab; if the document has only one operation, that one runs. A document with a syntax error is sent as it is: the server
   * reports the error.
   */
  const selectOperation = ({ query, operationName }) => {
    let document;
    try {
      document = parse(query);
    } catch {
      return { operationName };
    }
    const operations = document.definitions.filter(({ kind }) => kind === "OperationDefinition");
    const named = operations.find(({ name }) => name?.value === operationName);
    const selected = named ?? (operations.length === 1 ? operations[0] : undefined);
    return { document, operation: selected?.operation, operationName: selected ? selected.name?.value : operationName };
  };

  const fetcher = async (given, options) => {
    const headers = options?.headers ?? {};
    const { variables, problem } = Journey.prepareVariables(given.variables);
    if (problem) return { errors: [{ message: problem }] };
    const { document, operation, operationName } = selectOperation(given);
    const params = { ...given, operationName, variables };
    return operation === "subscription" ? subscribeOverSocket(params, headers, document) : sendOverHttp(params, headers);
  };

  /** Runs when another tab is opened: fills in known values, and shows which role the tab is for. */
  const TabObserver = () => {
    editor = useEditorContext({ nonNull: true });
    const { tabs, activeTabIndex, queryEditor, variableEditor } = editor;
    const { id, title, operationName } = tabs[activeTabIndex] ?? {};
    const step = Journey.findStep(operationName ?? title);
    React.useEffect(() => {
      bar.suggest(step?.role ?? "anyone");
      const next = step && variableEditor && Journey.updateVariables(step.name, variableEditor.getValue());
      if (next) variableEditor.setValue(next);
      updatePane();
    }, [id, step, variableEditor]);
    // On a phone, long comments would be cut off.
    React.useEffect(() => queryEditor?.setOption("lineWrapping", matchMedia("(max-width: 48rem)").matches), [queryEditor]);
    return null;
  };

  // ---- Tabs ----

  const TABS_KEY = "graphiql:tabState";

  const newTab = (query, variables, operationName) => ({
    id: `tab-${Date.now()}-${Math.random().toString(36).slice(2)}`,
    title: operationName ?? "<untitled>",
    query,
    variables,
    headers: null,
    operationName,
    response: null,
  });

  const stepTab = (step) => newTab(step.query, Journey.initialVariables(step), step.name);

  const storedTabs = () => {
    try {
      const { tabs, activeTabIndex } = JSON.parse(sessionStorage.getItem(TABS_KEY));
      return { tabs, activeTabIndex };
    } catch {
      return { tabs: Journey.steps.map(stepTab), activeTabIndex: 0 };
    }
  };

  /** The tab that the URL requests: `?tab=Name` opens a step, `?query=…&variables=…` an operation. Nothing runs automatically. */
  const requestedTab = (tabs) => {
    const given = new URLSearchParams(location.search);
    const step = Journey.findStep(given.get("tab"));
    const query = given.get("query");
    const variables = given.get("variables");
    const isRequested = (tab) =>
      query ? tab.query === query && (tab.variables || null) === (variables || null) : (tab.operationName ?? tab.title) === step.name;
    if (!query && !step) return undefined;
    const open = tabs.findIndex(isRequested);
    if (open >= 0) return open;
    return tabs.push(query ? newTab(query, variables, given.get("operationName")) : stepTab(step)) - 1;
  };

  /** Stores the tabs where GraphiQL reads those of the last visit. */
  const prepareTabs = () => {
    const state = storedTabs();
    state.activeTabIndex = requestedTab(state.tabs) ?? state.activeTabIndex;
    const active = state.tabs[state.activeTabIndex];
    sessionStorage.setItem(TABS_KEY, JSON.stringify(state));
    for (const part of ["query", "variables", "operationName"]) {
      if (active?.[part]) sessionStorage.setItem(`graphiql:${part}`, active[part]);
      else sessionStorage.removeItem(`graphiql:${part}`);
    }
    // After a reload, the last open tab is shown again.
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
      // Everything is stored only until the browser tab is closed.
      storage: sessionStorage,
      // Without introspection, GraphiQL has no documentation to show.
      ...(hasContract ? {} : { schema: null }),
      defaultEditorToolsVisibility: "variables",
      isHeadersEditorEnabled: true,
      shouldPersistHeaders: false,
      showPersistHeadersSettings: false,
      toolbar: { additionalContent: React.createElement(TabObserver) },
    },
    React.createElement(GraphiQL.Logo, null, React.createElement("a", { href: "/", className: "home" }, name)),
  );
  ReactDOM.createRoot(root).render(explorer);
})();
