// A gate that a colleague passed on their own responsibility, to be read.
import { get } from "../core/api.js";
import { html } from "../core/h.js";
import { gateName, t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { roleName } from "../core/me.js";
import { date } from "../core/time.js";
import { Form, Refusal, Send } from "../care/parts.js";
import { Who, when } from "../care/who.js";

export function loadOverride(row) {
  return get(`overrides/${row.subject.id}/`);
}

export function Override({ about, subject, onDone }) {
  const row = /** @type {Api["ListedOverrideOut"]} */ (subject);
  const write = useWrite(() => onDone(t("It is read.")));
  return html`<section class="de">
    <${Who} about=${about} />
    <${Form} label=${t("Override to read")} onSend=${() => write.write(`overrides/${row.id}/read/`, {})}>
      <div class="de-b pad">
        <h2 class="h1">${t("Passed: {gate}", { gate: gateName({ code: row.gate, label: row.gate_label }) })}</h2>
        <dl class="dl"><dt>${t("By")}</dt><dd>${row.assigned_to}, ${roleName(row.role)}</dd>
          <dt>${t("When")}</dt><dd>${when(row.created_at, about.zone)}</dd>
          ${row.for_day && html`<dt>${t("For the day")}</dt><dd>${date(row.for_day)}</dd>`}
          <dt>${t("Why")}</dt><dd>${row.reason}</dd></dl>
        ${row.session && html`<p><a href=${`/bedside/sessions/${row.session}`}>${t("Open the session")}</a></p>`}
      </div>
      <footer class="dc"><${Refusal} problem=${write.problem} />
        ${row.read ? html`<p class="quiet">${t("It was read {when}.", { when: when(row.read.at, about.zone) })}</p>` : html`<div class="end"><${Send} busy=${write.busy} word=${t("I have read it")} /></div>`}
      </footer>
    <//>
  </section>`;
}
