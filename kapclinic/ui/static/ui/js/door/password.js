// /password: a new password of one's own.
import { call, get } from "../core/api.js";
import { Icon, html, show, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { byField, words } from "../core/problem.js";
import { goOn } from "./next.js";

function Page() {
  const [problem, setProblem] = useState(null);
  const [done, setDone] = useState(false);
  const [must, setMust] = useState(false);
  const summary = useRef(null);
  useEffect(() => summary.current?.focus(), [problem, done]);
  useEffect(() => {
    get("auth/me/").then((person) => setMust(person.password_change_required), () => {});
  }, []);

  async function submit(event) {
    event.preventDefault();
    const body = Object.fromEntries(new FormData(event.target));
    try {
      await call("POST", "auth/password/", { body });
      if (must) return goOn();
      setDone(true);
      setProblem(null);
    } catch (found) {
      setProblem(found);
    }
    event.target.reset();
  }

  const errors = problem ? byField(problem) : {};
  return html`<main class="fm">
    <form onSubmit=${submit} noValidate>
      <h1>${t("New password")}</h1>
      <p>${must && t("Somebody else set the password that you have. Choose one of your own: until then nothing else opens.")}</p>
      ${problem &&
      html`<div class="errors" role="alert" tabindex="-1" ref=${summary}>
        <h2><${Icon} name="stop" /> ${t("That did not work")}</h2>
        <p class="small"><a href="#old_password">${words(problem)}</a></p>
      </div>`}
      ${done &&
      html`<p class="note" role="status" tabindex="-1" ref=${summary}>
        ${t("Your password is changed. Every other place where you were signed in is signed out.")}
      </p>`}
      <${Field} name="old_password" label=${t("Present password")} error=${errors.old_password} auto="current-password" />
      <${Field} name="new_password" label=${t("New password, 12 characters or more")} error=${errors.new_password} auto="new-password" />
      <button class="b go xl">${t("Change it")}</button>
      ${!must && html`<a href="/">${t("Back")}</a>`}
    </form>
  </main>`;
}

function Field({ name, label, error, auto }) {
  return html`<div class=${error ? "f bad" : "f"}>
    <label for=${name}>${label}</label>
    <input id=${name} name=${name} type="password" autocomplete=${auto} required aria-describedby=${error ? `${name}-e` : undefined} />
    ${error && html`<span class="err" id=${`${name}-e`}>${error}</span>`}
  </div>`;
}

show(html`<${Page} />`);
