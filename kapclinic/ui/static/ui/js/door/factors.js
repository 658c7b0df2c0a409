// /second-factors: authenticator app, passkeys and recovery codes of one's own.
import { call, doubted, get, settle } from "../core/api.js";
import { Icon, html, show, useEffect, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { StepUp } from "../signin/stepup.js";
import { possible } from "../signin/passkey.js";
import { Codes } from "./codes.js";
import { Enrol } from "./enrol.js";

const OWN = "auth/second-factors/";

function Page({ person }) {
  const [rows, set] = useState(null);
  const [making, make] = useState(null); // "totp" or "passkey"
  const [codes, keep] = useState(null);
  const [problem, refuse] = useState(null);
  const [required, ask] = useState(person.second_factor_enrolment_required);
  const title = useRef(null);
  const load = () => get(OWN, { page_size: 50 }).then((found) => set(found.results), refuse);
  useEffect(() => {
    load();
  }, []);
  useEffect(() => title.current?.focus(), [making, codes]);
  const made = (found) => {
    make(null);
    keep(found);
    ask(false);
    load();
  };
  const remove = (row) => call("DELETE", `${OWN}${row.id}/`, {}).then(load).then(() => refuse(null), refuse);
  return html`<main class="fm two">
    <section class="own">
      <h1 tabindex="-1" ref=${title}>${t("Second factor")}</h1>
      ${problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(problem)}</span></p>`}
      ${codes
        ? html`<${Codes} codes=${codes} onKept=${() => keep(null)} />`
        : making
          ? html`<${Enrol} kind=${making} onMade=${made} onBack=${() => make(null)} />`
          : html`<${Owned} rows=${rows} required=${required} onMake=${make} onRemove=${remove} />`}
    </section>
    ${useStore(doubted).length > 0 && html`<${StepUp} onClose=${() => settle(1)} />`}
  </main>`;
}

function Owned({ rows, required, onMake, onRemove }) {
  const left = rows?.[0]?.recovery_codes_left ?? 0;
  return html`
    ${required && html`<p class="note med" role="status"><${Icon} name="lock" /><span>${t("This clinic asks everybody for a second factor. Nothing else opens before you have one.")}</span></p>`}
    <p class="small">${t("Beside your password you show something that you have. Whoever knows your password alone does not get in.")}</p>
    ${rows && !rows.length && html`<p class="quiet">${t("You have none yet.")}</p>`}
    ${rows?.length > 0 && html`<ul class="own-l">${rows.map((row) => html`<${Row} key=${row.id} row=${row} last=${rows.length === 1} onRemove=${onRemove} />`)}</ul>
      <p class=${left < 3 ? "note med" : "small"}>${many(left, "{n} recovery code is left. A new second factor brings ten new ones.", "{n} recovery codes are left. A new second factor brings ten new ones.")}</p>`}
    <button type="button" class="b xl" onClick=${() => onMake("totp")}><${Icon} name="phone" />${t("Set up an authenticator app…")}</button>
    ${possible()
      ? html`<button type="button" class="b xl" onClick=${() => onMake("passkey")}><${Icon} name="shield" />${t("Add a passkey…")}</button>`
      : html`<p class="small faint">${t("This browser, or this address, knows no passkeys: they need https.")}</p>`}
    ${!required && html`<a href="/">${t("Back")}</a>`}`;
}

function Row({ row, last, onRemove }) {
  const [sure, ask] = useState(false);
  const day = (moment) => new Date(moment).toLocaleDateString(document.documentElement.lang, { dateStyle: "medium" });
  const name = row.name || (row.kind === "totp" ? t("Authenticator app") : t("Passkey"));
  return html`<li class="card">
    <span><b>${name}</b><br /><span class="small faint">${t("Since {day}, last used {last}", { day: day(row.confirmed_at), last: day(row.last_used_at ?? row.confirmed_at) })}</span></span>
    ${sure
      ? html`<span class="small">${last ? t("Without it your password alone lets you in.") : t("It counts no longer then.")}</span>
          <button type="button" class="b" onClick=${() => onRemove(row)}>${t("Remove it")}</button><button type="button" class="b go" onClick=${() => ask(false)}>${t("Keep it")}</button>`
      : html`<button type="button" class="b s" aria-label=${t("Remove {name}…", { name })} onClick=${() => ask(true)}>${t("Remove…")}</button>`}
  </li>`;
}

get("auth/me/", {}, { quiet: true }).then(
  (person) => show(html`<${Page} person=${person} />`),
  (problem) =>
    problem.status === 401
      ? location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`)
      : show(html`<main class="fm two"><p class="note high" role="alert">${words(problem)}</p></main>`),
);
