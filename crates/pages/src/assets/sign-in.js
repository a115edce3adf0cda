// The bar that shows who is signed in: a click for each account that anybody may try, a form for every other, and "Sign out".
"use strict";

const SignIn = (() => {
  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  /** The bar. With `hasForm` people can sign in with an email and a password of their own. */
  const bar = (accounts, hasForm) => {
    const who = element("span", { className: "who", role: "status" });
    who.setAttribute("role", "status");
    const bar = element("div", { className: "session" }, who);
    let hint = "";
    let failure = "";

    /** Runs what a button is for, once at a time, and shows why it failed. */
    const acting = (button, act) => async (event) => {
      event.preventDefault();
      button.disabled = true;
      failure = "";
      try {
        await act();
      } catch (reason) {
        failure = reason.message;
      } finally {
        button.disabled = false;
        show(Session.read());
      }
    };

    const button = (text, act) => {
      const made = element("button", { type: "button", textContent: text });
      made.addEventListener("click", acting(made, act));
      return made;
    };

    const oneClick = accounts.map((account) => {
      const text = `Sign in as ${account.name.toLowerCase()}`;
      return { account, button: button(text, () => Session.signIn(account)) };
    });
    const other = button(accounts.length ? "Other account" : "Sign in", () => toggle(form.hidden));
    const signOut = button("Sign out", () => Session.signOut());
    const form = signInForm(acting, () => toggle(false));
    const toggle = (isOpen) => {
      form.hidden = !isOpen;
      other.setAttribute("aria-expanded", String(isOpen));
      if (isOpen) form.elements.email.focus();
    };
    bar.append(...oneClick.map(({ button }) => button), ...(hasForm ? [other] : []), signOut, form);

    const show = (session) => {
      const name = session ? `Signed in as ${session.name}` : "Not signed in";
      who.textContent = failure || (hint ? `${name}. ${hint}` : name);
      bar.classList.toggle("failed", Boolean(failure));
      signOut.hidden = !session;
      other.hidden = Boolean(session);
      if (session) toggle(false);
      for (const { account, button } of oneClick) {
        button.hidden = session?.email === account.email;
        button.classList.toggle("wanted", Boolean(hint) && account.role === wanted);
      }
    };

    let wanted = "anyone";
    /** Says who the open tab is for, if that is not who is signed in. */
    bar.suggest = (role) => {
      wanted = role;
      const session = Session.read();
      const fits = role === "anyone" || (session && (!session.role || session.role === role));
      hint = fits ? "" : `This tab is for a ${role}.`;
      show(session);
    };
    Session.listen((session) => {
      failure = "";
      bar.suggest(wanted);
    });
    return bar;
  };

  const signInForm = (acting, close) => {
    const field = (label, properties) => element("label", {}, label, element("input", { required: true, ...properties }));
    const submit = element("button", { type: "submit", textContent: "Sign in" });
    const form = element(
      "form",
      { hidden: true },
      field("Email", { name: "email", type: "email", autocomplete: "username" }),
      field("Password", { name: "password", type: "password", autocomplete: "current-password" }),
      submit,
    );
    const act = async () => {
      const { email, password } = form.elements;
      await Session.signIn({ email: email.value, password: password.value });
      form.reset();
      close();
    };
    form.addEventListener("submit", acting(submit, act));
    return form;
  };

  // On the landing page it stands where the accounts are.
  const place = document.getElementById("sign-in");
  if (place) place.append(bar(JSON.parse(place.dataset.accounts), false));

  return { bar };
})();
