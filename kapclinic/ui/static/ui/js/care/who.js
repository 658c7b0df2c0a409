// Who this is, above all that is decided or filled in; and what things are called there.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, date, dayIn, dayShort, now } from "../core/time.js";

/** @param {{about: object, children?: any}} props `children`: more facts */
export function Who({ about, children }) {
  const { banner, program, protocol } = about;
  return html`<header class="who">
    <div>
      <h1 class="name">${banner.name} <small>${banner.pronouns}</small></h1>
      <span class="small quiet">${date(banner.date_of_birth)} (${t("{n} y", { n: banner.age })}) · ${banner.mrn}${protocol && ` · ${protocol.name}`}${program.diagnosis && ` · ${program.diagnosis}`}</span>
    </div>
    <dl class="facts">${banner.allergies && html`<${Allergies} allergies=${banner.allergies} />`}${children}</dl>
  </header>`;
}

/** Three states, which are three different words. */
function Allergies({ allergies }) {
  const listed = allergies.results.map((row) => [row.substance, row.reaction].filter(Boolean).join(": ")).join("; ");
  const said = { listed, none_known: t("None known"), none_recorded: t("None recorded") }[allergies.state];
  return html`<div><dt>${t("Allergies")}</dt><dd><${Icon} name=${allergies.state === "none_known" ? "ok" : "warn"} /> ${said}</dd></div>`;
}

/** A moment in short: the time of today, else the day too. */
export function when(at, zone) {
  const text = new Date(at).toISOString();
  return dayIn(text, zone) === dayIn(now(), zone) ? clock(text, zone) : `${dayShort(dayIn(text, zone))}, ${clock(text, zone)}`;
}

const NAMES = { phq9: "PHQ-9", gad7: "GAD-7", pcl5: "PCL-5", cssrs: "C-SSRS", audit_c: "AUDIT-C", dast10: "DAST-10", qids_sr16: "QIDS-SR16", madrs: "MADRS", cadss: "CADSS", bprs: "BPRS" };

export function instrumentName(key) {
  return NAMES[key] ?? key;
}

const ROUTES = {
  intravenous: () => t("intravenous"),
  intramuscular: () => t("intramuscular"),
  sublingual: () => t("sublingual"),
  oral: () => t("oral"),
  intranasal: () => t("intranasal"),
};

export function routeName(route) {
  return ROUTES[route]?.() ?? route;
}

const STAMP = /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g;

/** A text of the server with its moments as the clinic's wall shows them. */
export function timed(text, zone) {
  return text.replace(STAMP, (stamp) => when(stamp, zone));
}
