// What a client pays of the fees: a tier of a sliding scale from a day on, and a scale that is new to the clinic.
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { date } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { Form, said, useAll, wrong } from "./parts.js";

/** @param {{client: string, today: string, onDone: any, onClose: () => void}} props */
export function Agree({ client, today, onDone, onClose }) {
  const scales = useAll("sliding-scales/", {});
  const [chosen, choose] = useState("");
  const tiers = scales.find((row) => row.id === chosen)?.tiers ?? [];
  const labels = { scale: t("Scale"), tier: t("Tier"), from_date: t("From"), to_date: t("Last day"), basis: t("What it rests on") };
  const bodyOf = (form) => {
    if (!chosen) throw wrong("scale", t("Choose the scale."));
    if (!form.get("tier")) throw wrong("tier", t("Choose the tier."));
    const basis = said(form, "basis", t("Say what it rests on, in three letters or more."));
    return { client, scale: chosen, tier: form.get("tier"), from_date: form.get("from_date"), to_date: form.get("to_date") || null, basis };
  };
  return html`<${Form} title=${t("Agree on fees")} verb=${t("Agree on it")} path="fee-agreements/" labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<p class="quiet">${t("It counts for services from that day on. What was charged before stays as it is.")}</p>
      <${Field} name="scale" label=${labels.scale} wrong=${bad} options=${[["", t("Choose")], ...scales.map((row) => [row.id, `${row.name}, ${t("from {date}", { date: date(row.valid_from) })}`])]} onChange=${(event) => choose(event.target.value)} />
      <${Field} name="tier" label=${labels.tier} wrong=${bad} options=${[["", t("Choose")], ...tiers.map((row) => [row.name, `${row.name}, ${t("{percent} % of the fee", { percent: Number(row.percent) })}`])]} />
      <div class="two"><${Field} name="from_date" label=${labels.from_date} wrong=${bad} type="date" defaultValue=${today} /><${Field} name="to_date" label=${labels.to_date} wrong=${bad} type="date" /></div>
      <${Field} name="basis" label=${labels.basis} wrong=${bad} maxlength="1000" hint=${t("Such as: income shown on 1 March. Nothing about health")} />`}
  <//>`;
}

const FIRST = [{ name: "", percent: "" }, { name: "", percent: "" }];

/** @param {{today: string, onDone: any, onClose: () => void}} props */
export function Scale({ today, onDone, onClose }) {
  const [rows, set] = useState(FIRST);
  const labels = { name: t("What it is called"), valid_from: t("From"), tiers: t("Tiers"), ...Object.fromEntries(rows.flatMap((_, n) => [[`tiers/${n}/name`, t("Tier {n}", { n: n + 1 })], [`tiers/${n}/percent`, t("% of the fee that stays due")]])) };
  const change = (at, name) => (event) => set(rows.map((row, n) => (n === at ? { ...row, [name]: event.target.value } : row)));
  const bodyOf = (form) => {
    const tiers = rows.filter((row) => row.name.trim()).map((row) => ({ name: row.name.trim(), percent: row.percent.trim().replace(",", ".") }));
    if (!tiers.length) throw wrong("tiers/0/name", t("Name one tier or more."));
    return { name: form.get("name").trim(), valid_from: form.get("valid_from"), tiers };
  };
  return html`<${Form} title=${t("New scale")} verb=${t("Add it")} path="sliding-scales/" labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<div class="two"><${Field} name="name" label=${labels.name} wrong=${bad} autofocus maxlength="80" /><${Field} name="valid_from" label=${labels.valid_from} wrong=${bad} type="date" defaultValue=${today} /></div>
      ${rows.map((row, n) => html`<div class="two" key=${n}><${Field} name=${`tiers/${n}/name`} label=${labels[`tiers/${n}/name`]} wrong=${bad} value=${row.name} onInput=${change(n, "name")} />
        <${Field} name=${`tiers/${n}/percent`} label=${labels[`tiers/${n}/percent`]} wrong=${bad} inputmode="decimal" value=${row.percent} onInput=${change(n, "percent")} /></div>`)}
      <p><button type="button" class="b s" onClick=${() => set([...rows, { name: "", percent: "" }])}>${t("One tier more")}</button></p>`}
  <//>`;
}
