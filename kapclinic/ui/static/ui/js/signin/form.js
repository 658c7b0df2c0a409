// The form that lets somebody in, on its own page and over any other, and by which they say once more who they are.
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { enter } from "../core/me.js";
import { Problem, words } from "../core/problem.js";
import { SecondStep } from "./second.js";

const MORE = ["second_factor_required", "second_factor_wrong"];

/**
 * @param {{email?: string, onEntered: (person: object) => void, send?: (body: object) => Promise<object>, known?: boolean, children?: any}} props
 *   `send`: what the words are sent with; `known`: whose they are is known, so no e-mail is asked for
 */
export function SignInForm({ email = "", onEntered, send = enter, known = false, children }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [seen, setSeen] = useState(false);
  const [asked, ask] = useState(null); // the password was right, and more is asked for
  const summary = useRef(null);
  const secret = useRef(null);
  useEffect(() => problem && summary.current?.focus(), [problem]);

  async function go(body) {
    setBusy(true);
    try {
      const person = await send(body);
      ask(null);
      onEntered(person);
    } catch (found) {
      const more = found.extra?.passkey || MORE.includes(found.code); // or a passkey, at a door that is closed
      if (more) ask({ ...found.extra, body: { email: body.email, password: body.password } });
      setProblem(found.code === MORE[0] ? null : found);
    } finally {
      if (secret.current) secret.current.value = "";
      setBusy(false);
    }
  }

  function submit(event) {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    event.target.querySelector("#otp")?.select();
    go(/** @type {any} */ (asked ? { ...asked.body, ...form } : { email, ...form }));
  }

  const back = () => (ask(null), setProblem(null));
  const lost = () => setProblem(new Problem({ status: 0, code: "no_passkey", title: t("No passkey was shown. Try once more, or type a code.") }));
  return html`<form onSubmit=${submit} noValidate>
    ${children} ${problem && html`<${Refused} problem=${problem} refer=${summary} field=${asked ? "otp" : "password"} />`}
    ${asked
      ? html`<${SecondStep} asked=${asked} busy=${busy} onShown=${(what) => go({ ...asked.body, ...what })} onLost=${lost} onBack=${back} />`
      : html`<${First} email=${email} known=${known} busy=${busy} problem=${problem} secret=${secret} seen=${seen} onSee=${() => setSeen(!seen)} />`}
  </form>`;
}

function First({ email, known, busy, problem, secret, seen, onSee }) {
  return html`${!known && html`<div class="f">
      <label for="email">${t("E-mail")}</label>
      <input id="email" name="email" type="email" autocomplete="username" required defaultValue=${email} />
    </div>`}
    <div class=${problem ? "f bad" : "f"}>
      <div class="row">
        <label class="grow" for="password">${t("Password")}</label>
        <button type="button" class="b bare s" aria-pressed=${seen} onClick=${onSee}>
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
    <button class="b go xl" disabled=${busy}>${busy ? t("Signing in…") : known ? t("Go on") : t("Sign in")}</button>`;
}

function Refused({ problem, refer, field }) {
  const locked = problem.code === "too_many_attempts";
  const wait = problem.extra.retry_after ?? problem.wait;
  const detail =
    locked && wait
      ? many(Math.ceil(wait / 60), "Try again in {n} minute.", "Try again in {n} minutes.")
      : problem.code === MORE[1]
        ? t("That was not right, or it counted before. Try the next code.")
        : words(problem);
  return html`<div class="errors" role="alert" tabindex="-1" ref=${refer}>
    <h2><${Icon} name="stop" /> ${locked ? t("Too many tries") : t("That did not work")}</h2>
    <p class="small"><a href=${`#${field}`}>${detail}</a></p>
  </div>`;
}
