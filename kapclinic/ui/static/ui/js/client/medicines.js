// What the client takes, is allergic to, and was tested for.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Foot, useList } from "../lists/list.js";
import { id, useStaff } from "./known.js";
import { when } from "./words.js";

const KINDS = { urine_hcg: () => t("Pregnancy test, urine"), drug_screen: () => t("Drug screen"), liver: () => t("Liver values"), tsh: () => "TSH", ecg: () => t("ECG"), urinalysis: () => t("Urinalysis") };
const RESULTS = { negative: () => t("negative"), positive: () => t("positive"), normal: () => t("normal"), abnormal: () => t("abnormal"), inconclusive: () => t("inconclusive") };
const SEVERITY = { mild: () => t("mild"), moderate: () => t("moderate"), severe: () => t("severe"), life_threatening: () => t("life-threatening") };

/** @param {{banner: any, at: number, zone: string, turn: any}} props */
export function Medicines({ banner, at, zone, turn }) {
  const medicines = useList("medications/", { client: id }, turn);
  const labs = useList("lab-results/", { client: id, ordering: "-taken_at" }, turn);
  const staff = useStaff();
  return html`<section class="card" aria-labelledby="medicines"><header><h2 id="medicines">${t("Medicines")}</h2></header>
      ${medicines.rows?.length > 0 && html`<div class="scroll"><table class="list"><thead><tr><th>${t("As the client said it")}</th><th>${t("Classes")}</th><th>${t("State")}</th></tr></thead>
        <tbody>${medicines.rows.map((row) => html`<tr key=${row.id} class=${row.ended_at ? "off" : ""}><td><b>${row.text}</b></td><td>${row.classes.map((one) => one.replaceAll("_", " ")).join(", ")}</td>
          <td>${row.ended_at ? t("stopped {time}", { time: when(row.ended_at, zone) }) : row.is_mapped ? t("taken") : html`<span class="chip med"><${Icon} name="warn" />${t("class not known")}</span>`}</td></tr>`)}</tbody></table></div>`}
      <${Foot} list=${medicines} empty=${t("No medicine is on record.")} /></section>
    <section class="card" aria-labelledby="allergies"><header><h2 id="allergies">${t("Allergies")}</h2></header>
      ${banner?.allergies && html`<${Allergies} allergies=${banner.allergies} zone=${zone} />`}</section>
    <section class="card" aria-labelledby="labs"><header><h2 id="labs">${t("Tests")}</h2></header>
      ${labs.rows?.length > 0 && html`<div class="scroll"><table class="list"><thead><tr><th>${t("Taken")}</th><th>${t("Test")}</th><th>${t("Result")}</th><th>${t("Counts until")}</th><th>${t("Entered by")}</th></tr></thead>
        <tbody>${labs.rows.map((row) => html`<tr key=${row.id} class=${row.voided ? "off" : ""}><td>${when(row.taken_at, zone)}</td><td>${KINDS[row.kind]?.() ?? row.kind}</td>
          <td>${["positive", "abnormal"].includes(row.result) ? html`<span class="chip high-soft"><${Icon} name="warn" />${RESULTS[row.result]()}</span>` : (RESULTS[row.result]?.() ?? row.result)} ${row.value !== null && `${Number(row.value)} ${row.unit}`} ${row.voided && html`<span class="chip">${t("Voided")}</span>`}</td>
          <td>${Date.parse(row.counts_until) < at ? html`<span class="chip"><${Icon} name="wait" />${t("too old")}</span>` : when(row.counts_until, zone)}</td><td>${staff.get(row.recorded_by)}</td></tr>`)}</tbody></table></div>`}
      <${Foot} list=${labs} empty=${t("No test is on record.")} /></section>`;
}

function Allergies({ allergies, zone }) {
  if (allergies.state === "none_recorded") return html`<p class="pad"><span class="chip high-soft"><${Icon} name="warn" />${t("none recorded")}</span> ${t("Nobody has asked yet, or nobody wrote it down.")}</p>`;
  if (allergies.state === "none_known") return html`<p class="pad">${t("None known.")} ${allergies.none_known && html`<span class="quiet">${when(allergies.none_known.at, zone)}</span>`}</p>`;
  return html`<ul class="finds">${allergies.results.map((row) => html`<li key=${row.id}><span class="chip high-soft"><${Icon} name="warn" />${SEVERITY[row.severity]?.() ?? t("how bad is not known")}</span><div><b>${row.substance}</b> ${row.reaction}</div></li>`)}</ul>`;
}
