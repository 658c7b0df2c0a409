// The resting blood pressures of a screening: two, some minutes apart.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { now } from "../core/time.js";
import { Field } from "../care/parts.js";
import { when } from "../care/who.js";

const EMPTY = { systolic: "", diastolic: "", heart_rate: "" };
const LIMITS = { systolic: [50, 300], diastolic: [20, 200], heart_rate: [20, 250] };
const whole = (text) => (/^\d{2,3}$/.test(text.trim()) ? Number(text) : null);

export function Pressures({ rows, zone, set }) {
  const [form, type] = useState(EMPTY);
  const [tried, tell] = useState(false);
  const value = Object.fromEntries(Object.entries(form).map(([name, text]) => [name, whole(text)]));
  const wrong = (name, optional) => {
    if (optional && !form[name].trim()) return "";
    const [low, high] = LIMITS[name];
    return value[name] !== null && value[name] >= low && value[name] <= high ? "" : t("{low} to {high}", { low, high });
  };
  const faults = { systolic: wrong("systolic"), diastolic: wrong("diastolic"), heart_rate: wrong("heart_rate", true) };
  function add(event) {
    event.preventDefault();
    tell(true);
    if (Object.values(faults).some(Boolean)) return;
    set([...rows, { ...value, measured_at: new Date(now()).toISOString() }]);
    type(EMPTY);
    tell(false);
  }
  const field = (name, label) => html`<${Field} id=${`p-${name}`} label=${label} inputmode="numeric" maxlength="3" value=${form[name]} set=${(text) => type({ ...form, [name]: text })} wrong=${tried ? faults[name] : ""} />`;
  return html`<section class="card pad"><h3>${t("Blood pressure at rest")}</h3>
    <ul class="lines">${rows.map((row, index) => html`<li key=${index}><b>${row.systolic}/${row.diastolic}</b><span class="grow quiet">${row.heart_rate ? t("{n} a minute", { n: row.heart_rate }) : ""} ${when(row.measured_at, zone)}</span>
      <button type="button" class="b s" onClick=${() => set(rows.filter((_, at) => at !== index))}>${t("Take it out")}<span class="vh">: ${row.systolic}/${row.diastolic}</span></button></li>`)}</ul>
    ${rows.length < 2 && html`<p class="small quiet">${rows.length ? t("One more, some minutes later: a single one is a finding.") : t("Two are wanted, some minutes apart.")}</p>`}
    <form class="three" noValidate onSubmit=${add}>${field("systolic", t("Systolic"))}${field("diastolic", t("Diastolic"))}${field("heart_rate", t("Heart rate"))}<button class="b"><${Icon} name="plus" />${t("Add")}<span class="vh"> ${t("the blood pressure")}</span></button></form>
  </section>`;
}
