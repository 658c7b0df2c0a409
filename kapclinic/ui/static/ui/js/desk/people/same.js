// "Same person?": who is here already and looks alike, with what is the same, and the two answers.
import { Icon, html, useEffect, useRef } from "../../core/h.js";
import { many, t } from "../../core/i18n.js";
import { words } from "../../core/problem.js";
import { date } from "../../core/time.js";
import { nameOf } from "./names.js";

const WHAT = {
  first_name: () => t("first name"),
  last_name: () => t("last name"),
  swapped_names: () => t("names the other way round"),
  date_of_birth: () => t("date of birth"),
  phone: () => t("phone"),
  email: () => t("e-mail"),
};

export function Same({ rows, problem, busy, onKnown, onBack, onOther }) {
  const head = useRef(null);
  useEffect(() => head.current.focus(), []);
  return html`<div class="db">
      <h3 tabindex="-1" ref=${head}>${many(rows.length, "Somebody here looks like the same person.", "{n} people here look like the same person.")}</h3>
      <ul class="stack">
        ${rows.map((row) => html`<li class="note alike" key=${row.id}>
          <${Icon} name="people" />
          <span class="grow"><b>${nameOf(row)}</b> <span class="nowrap">${row.mrn}</span><br />
            ${t("born {date}", { date: date(row.date_of_birth) })}<br />
            <span class="small">${t("Same: {what}", { what: row.same.map((one) => WHAT[one]?.() ?? one).join(", ") })}</span></span>
          <button type="button" class="b" onClick=${() => onKnown(row)}>${t("It is this one")}<span class="vh"> ${nameOf(row)}, ${row.mrn}</span></button>
        </li>`)}
      </ul>
      ${problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(problem)}</span></p>`}
    </div>
    <div class="df">
      <button type="button" class="b" onClick=${onBack}>${t("Back to the form")}</button>
      <button type="button" class="b go" disabled=${busy || undefined} onClick=${onOther}>${busy ? t("Saving…") : t("A different person: register")}</button>
    </div>`;
}
