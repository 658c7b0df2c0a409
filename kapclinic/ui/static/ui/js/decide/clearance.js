// A clearance that is suspended: each reason gets words, then it is upheld or voided. One that ends is screened again.
import { get } from "../core/api.js";
import { html, useState } from "../core/h.js";
import { t, told } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { date } from "../core/time.js";
import { useKept } from "../care/loaded.js";
import { Choice, Form, Refusal, Send, Where, Words, toFault, tooShort } from "../care/parts.js";
import { Who, instrumentName, when } from "../care/who.js";
import { reasonName } from "./words.js";

// Where the row behind a reason is read, and what of it is said.
const READ = {
  measure: ["measures/", (row) => `${instrumentName(row.instrument)} ${[row.total, row.band?.replaceAll("_", " ")].filter((one) => one !== null && one !== undefined).join(", ")}`],
  medication: ["medications/", (row) => row.text],
  lab_result: ["lab-results/", (row) => `${row.kind.replaceAll("_", " ")}: ${row.result}`],
  screening: ["screenings/", (row) => row.findings.filter((one) => one.severity !== "info").map((one) => told(one.label)).join("; ")],
};

export async function loadClearance(row) {
  const clearance = await get(`clearances/${row.subject.id}/`);
  const facts = await Promise.all(clearance.reasons.map((reason) => factOf(reason)));
  return { clearance, facts: new Map(clearance.reasons.map((reason, index) => [reason.id, facts[index]])) };
}

/** The row behind a reason in one line; empty where it has no page of its own. */
async function factOf(reason) {
  const [path, say] = READ[reason.subject_type] ?? [];
  return path ? get(`${path}${reason.subject_id}/`).then(say, () => "") : "";
}

export function Clearance({ row, about, subject, onDone }) {
  const { clearance, facts } = subject;
  const open = clearance.reasons.filter((one) => one.resolution === null);
  const [form, set] = useKept(row.subject.id, { choice: "", why: "", said: {} });
  const [tried, tell] = useState(false);
  const write = useWrite(() => onDone(form.choice === "uphold" ? t("The clearance stands again.") : t("The clearance is voided.")));
  const upholds = form.choice === "uphold";
  const said = (reason) => form.said[reason.id] ?? "";
  const lacks = (reason) => upholds && tooShort(said(reason));
  function send() {
    tell(true);
    if (!form.choice || tooShort(form.why) || open.some(lacks)) return toFault();
    const why = form.why.trim();
    const resolutions = open.map((one) => ({ reason: one.id, resolution: said(one).trim() }));
    return write.write(`clearances/${clearance.id}/${form.choice}/`, upholds ? { rationale: why, resolutions } : { reason: why });
  }
  return html`<section class="de">
    <${Who} about=${about}><div><dt>${t("Cleared")}</dt><dd>${when(clearance.valid_from, about.zone)}${clearance.expires_on && t(", until {day}", { day: date(clearance.expires_on) })}</dd></div><//>
    <${Form} label=${t("The decision")} onSend=${send}>
      <div class="de-b">
        <div class="sum"><h2 class="h1">${open.length ? t("Suspended: no dose until you say") : t("The clearance ends soon")}</h2></div>
        ${!open.length && html`<p class="pad">${t("A new screening is filled in with the client, submitted, and comes to you.")} <a href=${`/intake/${clearance.program}`}>${t("Screen again")}</a></p>`}
        <ol class="fl">${open.map((reason) => html`<li key=${reason.id} class="med two-c">
          <div class="ft"><h3>${reasonName(reason.code)}</h3><p class="small">${facts.get(reason.id)}</p><p class="tiny faint">${when(reason.at, about.zone)}</p></div>
          <${Words} id=${`r-${reason.id}`} rows=${1} label=${html`${t("Your answer")}<span class="vh">: ${reasonName(reason.code)}</span>`} value=${said(reason)} set=${(text) => set({ said: { ...form.said, [reason.id]: text } })} wrong=${tried && lacks(reason) ? t("Put it into words.") : ""} />
        </li>`)}</ol>
        <p class="pad small quiet">${t("When it was given: {words}", { words: clearance.rationale })}</p>
      </div>
      <footer class="dc"><${Refusal} problem=${write.problem} />
        <${Words} id="why" label=${t("Why")} value=${form.why} set=${(why) => set({ why })} wrong=${tried && tooShort(form.why) ? t("Say why.") : ""} />
        <${Choice} label=${t("Decision")} value=${form.choice} set=${(choice) => set({ choice })} options=${[
          { value: "uphold", word: t("Uphold"), hint: open.length ? t("doses may go on") : t("nothing suspends it"), off: !clearance.allowed_moves.includes("uphold") },
          { value: "void", word: t("Void"), hint: t("no dose without a new screening"), off: !clearance.allowed_moves.includes("void") },
        ]} />
        <div class="end">${tried && !form.choice && html`<span class="err" role="alert">${t("Choose a decision.")}</span>`}<${Where} write=${write} dirty=${form.why} /><${Send} busy=${write.busy} word=${upholds ? t("Uphold") : form.choice ? t("Void") : t("Decide")} /></div>
      </footer>
    <//>
  </section>`;
}
