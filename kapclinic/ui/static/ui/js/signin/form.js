// The form that lets somebody in, on its own page and over any other.
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { enter } from "../core/me.js";
import { words } from "../core/problem.js";

/** @param {{email?: string, onEntered: (person: object) => void, children?: any}} props */
export function SignInForm({ email = "", onEntered, children }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [seen, setSeen] = useState(false);
  const summary = useRef(null);
  const secret = useRef(null);
  useEffect(() => problem && summary.current?.focus(), [problem]);

  async function submit(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    setBusy(true);
    try {
      const person = await enter(/** @type {any} */ (Object.fromEntries(form)));
      secret.current.value = "";
      onEntered(person);
    } catch (found) {
      secret.current.value = "";
      setProblem(found);
    } finally {
      setBusy(false);
    }
  }

  return html`<form onSubmit=${submit} noValidate>
    ${children} ${problem && html`<${Refused} problem=${problem} refer=${summary} />`}
    <div class="f">
      <label for="email">${t("E-mail")}</label>
      <input id="email" name="email" type="email" autocomplete="username" required defaultValue=${email} />
    </div>
    <div class=${problem ? "f bad" : "f"}>
      <div class="row">
        <label class="grow" for="password">${t("Password")}</label>
        <button type="button" class="b bare s" aria-pressed=${seen} onClick=${() => setSeen(!seen)}>
          <${Icon} name="eye" />${seen ? t("Hide") : t("Show")}
        </button>
      </div>
      <input
        id="password"
        name="password"
        ref=${secret}
        type=${seen ? "text" : "password"}
        autocomplete="current-password"
        required
        aria-invalid=${problem ? "true" : undefined}
      />
    </div>
    <button class="b go xl" disabled=${busy}>${busy ? t("Signing in…") : t("Sign in")}</button>
  </form>`;
}

function Refused({ problem, refer }) {
  const locked = problem.code === "too_many_attempts";
  const wait = problem.extra.retry_after ?? problem.wait;
  const detail =
    locked && wait
      ? many(Math.ceil(wait / 60), "Try again in {n} minute.", "Try again in {n} minutes.")
      : words(problem);
  return html`<div class="errors" role="alert" tabindex="-1" ref=${refer}>
    <h2><${Icon} name="stop" /> ${locked ? t("Too many tries") : t("That did not work")}</h2>
    <p class="small"><a href="#password">${detail}</a></p>
  </div>`;
}
