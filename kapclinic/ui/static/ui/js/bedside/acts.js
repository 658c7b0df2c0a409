// What else is written down of a session beside its readings.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has } from "../core/me.js";

/** A dose and a discharge need the server's word first, so they wait for its answer. */
export function Acts({ data, dosed, open, children }) {
  const moves = data?.session.allowed_moves ?? [];
  const there = data && ["checked_in", "in_progress"].includes(data.session.status) && data.session.kind === "dosing";
  const gives = there && has("nurse_practitioner", "prescriber");
  return html`<nav class="acts" aria-label=${t("Write down")}>
    ${gives && html`<button type="button" class="b" onClick=${() => open("dose")}><${Icon} name="vial" />${t("Dose")}</button>`}
    <button type="button" class="b" onClick=${() => open("event")}><${Icon} name="plus" />${t("Event")}</button>
    <button type="button" class="b" onClick=${() => open("observation")}><${Icon} name="pen" />${t("Observation")}</button>
    ${moves.includes("not_dosed") && !dosed && html`<button type="button" class="b" onClick=${() => open("not_dosed")}><${Icon} name="x" />${t("Not dosed")}</button>`}
    <span class="grow"></span>
    ${there && dosed && has("nurse_practitioner") && html`<button type="button" class="b" onClick=${() => open("discharge")}><${Icon} name="door" />${t("Discharge")}</button>`}
    ${children}
  </nav>`;
}
