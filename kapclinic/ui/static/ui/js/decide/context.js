// What else a prescriber looks at, beside the thing that is decided.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { day, now } from "../core/time.js";
import { instrumentName, when } from "../care/who.js";
import { Pressures } from "./pressure.js";
import { sessionName } from "./words.js";

export function Context({ about }) {
  const { program, timeline, medicines, zone } = about;
  return html`<aside class="cx" aria-label=${t("Beside it")}>
    <${Pressures} about=${about} />
    <section><h2>${t("Medicines")}</h2>
      ${medicines.length
        ? html`<ul class="small ml">${medicines.map((row) => html`<li key=${row.id}><b>${row.text}</b>
            ${row.is_mapped ? html`<span class="quiet">${row.classes.map((name) => name.replaceAll("_", " ")).join(", ")}</span>` : html`<span class="low-t">${t("not recognised")}</span>`}</li>`)}</ul>`
        : html`<p class="small quiet">${t("None is written down.")}</p>`}
    </section>
    <${Scores} rows=${timeline.measures} zone=${zone} />
    <${Path} program=${program} />
    <${Booked} rows=${timeline.sessions} zone=${zone} />
    <section><h2>${t("Go to")}</h2><p class="row wrap"><a href=${`/intake/${program.id}`}>${t("Intake")}</a> <a href=${`/programs/${program.id}/plan`}>${t("Course plan")}</a></p></section>
  </aside>`;
}

function Scores({ rows, zone }) {
  const last = new Map([...rows].sort((a, b) => Date.parse(a.taken_at) - Date.parse(b.taken_at)).map((row) => [row.instrument, row]));
  if (!last.size) return null;
  return html`<section><h2>${t("Last scores")}</h2><ul class="small ml">
    ${[...last.values()].map((row) => html`<li key=${row.id}><span><b>${instrumentName(row.instrument)} ${row.total ?? ""}</b> ${row.band?.replaceAll("_", " ")}</span><span class="quiet">${day(row.taken_at, zone)}</span></li>`)}
  </ul></section>`;
}

function Path({ program }) {
  const said = [program.pathway_reason, ...Object.values(program.pathway)].filter(Boolean);
  if (!said.length) return null;
  return html`<section><h2>${t("Why this path")}</h2>${[...new Set(said)].map((one) => html`<p key=${one} class="small quiet">${one}</p>`)}</section>`;
}

function Booked({ rows, zone }) {
  const ahead = rows.filter((row) => ["scheduled", "held"].includes(row.status) && Date.parse(row.ends_at) > now());
  return html`<section><h2>${t("Booked already")}</h2>
    ${ahead.length ? html`<ul class="small ml">${ahead.slice(0, 6).map((row) => html`<li key=${row.id}><span>${sessionName(row)}</span><span class="quiet">${when(row.starts_at, zone)}</span></li>`)}</ul>` : html`<p class="small quiet">${t("Nothing is booked.")}</p>`}
  </section>`;
}
