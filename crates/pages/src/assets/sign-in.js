// The bar that shows who is signed in: a button for each demo account, a form for other accounts, and "Sign out".
"use strict";

const SignIn = (() => {
  const element = (name, properties, ...children) => {
    const created = Object.assign(document.createElement(name), properties);
    created.append(...children);
    return created;
  };

  /** Creates the bar. With `hasForm`, people can also sign in with an email and a password. */
  const createBar = (accounts, hasForm) => {
    const who = element("span", { className: "who", role: "status" });
    who.setAttribute("role", "status");
    const bar = element("div", { className: "session" }, who);
    let hint = "";
    let failure = "";

    /** An event handler that runs `action`, one run at a time, and shows the error if it fails. */
    const handler = (button, action) => async (event) => {
      event.preventDefault();
      button.disabled = true;
      failure = "";
      try {
        await action();
      } catch (reason) {
        failure = reason.message;
      } finally {
        button.disabled = false;
        show(Session.read());
      }
    };

    const createButton = (text, action) => {
      const button = element("button", { type: "button", textContent: text });
      button.addEventListener("click", handler(button, action));
      return button;
    };

    const accountButtons = accounts.map((account) => {
      const text = `Sign in as ${account.name.toLowerCase()}`;
      return { account, button: createButton(text, () => Session.signIn(account)) };
    });
    const other = createButton(accounts.length ? "Other account" : "Sign in", () => toggle(form.hidden));
    const signOut = createButton("Sign out", () => Session.signOut());
    const form = createForm(handler, () => toggle(false));
    const toggle = (isOpen) => {
      form.hidden = !isOpen;
      other.setAttribute("aria-expanded", String(isOpen));
      if (isOpen) form.elements.email.focus();
    };
    bar.append(...accountButtons.map(({ button }) => button), ...(hasForm ? [other] : []), signOut, form);

    const show = (session) => {
      const name = session ? `Signed in as ${session.name}` : "Not signed in";
      who.textContent = failure || (hint ? `${name}. ${hint}` : name);
      bar.classList.toggle("failed", Boolean(failure));
      signOut.hidden = !session;
      other.hidden = Boolean(session);
      if (session) toggle(false);
      for (const { account, button } of accountButtons) {
        button.hidden = session?.email === account.email;
        button.classList.toggle("suggested", Boolean(hint) && account.role === tabRole);
      }
    };

    /** The role that the open tab is for. */
    let tabRole = "anyone";
    /** Shows which role the open tab is for, if the signed-in account has another. */
    bar.suggest = (role) => {
      tabRole = role;
      const session = Session.read();
      const matches = role === "anyone" || (session && (!session.role || session.role === role));
      hint = matches ? "" : `This tab is for a ${role}.`;
      show(session);
    };
    Session.listen((session) => {
      failure = "";
      bar.suggest(tabRole);
    });
    return bar;
  };

  const createForm = (handler, close) => {
    const field = (label, properties) => element("label", {}, label, element("input", { required: true, ...properties }));
    const submit = element("button", { type: "submit", textContent: "Sign in" });
    const form = element(
      "form",
      { hidden: true },
      field("Email", { name: "email", type: "email", autocomplete: "username" }),
      field("Password", { name: "password", type: "password", autocomplete: "current-password" }),
      submit,
    );
    const action = async () => {
      const { email, password } = form.elements;
      await Session.signIn({ email: email.value, password: password.value });
      form.reset();
      close();
    };
    form.addEventListener("submit", handler(submit, action));
    return form;
  };

  // On the landing page, the bar is above the table of demo accounts.
  const container = document.getElementById("sign-in");
  if (container) container.append(createBar(JSON.parse(container.dataset.accounts), false));

  return { createBar };
})();
