// A screening, decided finding by finding: an absolute one can't be cleared, a relative or unknown one needs words.
import { call, get, newKey } from "../core/api.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { lazy } from "../core/lazy.js";
import { Finding } from "./finding.js";
import { useKept } from "../care/loaded.js";
import { Choice, Form, Refusal, Send, Where, Words, toFault, tooShort } from "../care/parts.js";
import { Who, when } from "../care/who.js";
import { RANKS, countOf, decisionName } from "./words.js";

const Answers = lazy(() => import("./answers.js"), "Answers");
const Recognise = lazy(() => import("./recognise.js"), "Recognise");

export function loadScreening(row) {
  return get(`screenings/${row.subject.id}/`);
}

/** What counts for words about a finding: a weighing anew gives it another id. */
const keyOf = (finding) => `${finding.code} ${finding.evidence}`;
const NEEDS = ["relative", "unknown"];
const WORDS = { cleared: () => t("Clear for doses"), deferred: () => t("Defer"), declined: () => t("Decline") };

export function Screening({ row, about, subject, again, onDone }) {
  const screening = /** @type {Api["ScreeningOut"]} */ (subject);
  const findings = [...screening.findings].sort((a, b) => RANKS.indexOf(a.severity) - RANKS.indexOf(b.severity));
  const [form, set] = useKept(row.subject.id, { choice: "", why: "", said: {} });
  const [tried, tell] = useState(false);
  const [open, show] = useState(null); // "answers", or a finding whose medicine is named
  const write = useWrite(() => onDone(t("The screening is decided: {decision}.", { decision: decisionName(form.choice) })));
  const stands = findings.some((one) => one.severity === "absolute");
  const cleared = form.choice === "cleared";
  const said = (finding) => form.said[keyOf(finding)] ?? "";
  const lacks = (finding) => NEEDS.includes(finding.severity) && tooShort(said(finding)) && (cleared || said(finding).trim() !== "");
  const faults = { choice: !form.choice, why: tooShort(form.why), said: findings.some(lacks) };

  function send() {
    tell(true);
    if (faults.choice || faults.why || faults.said) return toFault();
    const resolutions = findings.filter((one) => said(one).trim()).map((one) => ({ finding: one.id, resolution: said(one).trim() }));
    return write.write(`screenings/${screening.id}/decide/`, { decision: form.choice, rationale: form.why.trim(), resolutions });
  }

  if (screening.status !== "submitted") return html`<${Decided} screening=${screening} about=${about} />`;
  return html`<section class="de">
    <${Who} about=${about}><div><dt>${t("Submitted")}</dt><dd>${when(screening.submitted_at, about.zone)}</dd></div><//>
    <${Form} label=${t("The decision")} onSend=${send}>
      <div class="de-b">
        <div class="sum"><h2 class="h1">${countOf(findings)}</h2>
          <span class="quiet small">${t("{clean} of {asked} questions show nothing.", { clean: screening.clean, asked: screening.asked })} <button type="button" class="lnk" onClick=${() => show("answers")}>${t("All answers")}</button></span></div>
        <ol class="fl">${findings.map((finding) => html`<${Finding} key=${finding.id} finding=${finding} zone=${about.zone} value=${said(finding)} wrong=${tried && lacks(finding) ? t("Put it into words.") : ""}
          set=${(text) => set({ said: { ...form.said, [keyOf(finding)]: text } })} onRecognise=${() => show(finding)} />`)}</ol>
      </div>
      <footer class="dc">
        <${Outdated} write=${write} screening=${screening} again=${again} />
        <${Words} id="why" label=${t("Why, in words the client can read")} value=${form.why} set=${(why) => set({ why })} wrong=${tried && faults.why ? t("Say why.") : ""} />
        <${Choice} label=${t("Decision")} value=${form.choice} set=${(choice) => set({ choice })} options=${[
          { value: "cleared", word: t("Clear for doses"), hint: stands ? t("an absolute finding stands") : t("doses may be booked"), off: stands },
          { value: "deferred", word: t("Defer"), hint: t("ask again later") },
          { value: "declined", word: t("Decline"), hint: t("ends the program") },
        ]} />
        <div class="end">${tried && faults.choice && html`<span class="err" role="alert">${t("Choose a decision.")}</span>`}<${Where} write=${write} dirty=${form.why || form.choice} /><${Send} busy=${write.busy} word=${WORDS[form.choice]?.() ?? t("Decide")} /></div>
      </footer>
    <//>
    ${open === "answers" && html`<${Answers} screening=${screening} onClose=${() => show(null)} />`}
    ${open?.medication && html`<${Recognise} finding=${open} medicine=${about.medicines.find((one) => one.id === open.medication)} screening=${screening} onDone=${() => (show(null), again())} onClose=${() => show(null)} />`}
  </section>`;
}

/** What came after the screening was submitted: it is weighed anew, and the words to what stays are kept. */
function Outdated({ write, screening, again }) {
  const [state, tell] = useState({ busy: false, problem: null });
  if (write.problem?.code !== "screening_outdated") return html`<${Refusal} problem=${write.problem} />`;
  async function anew() {
    tell({ busy: true, problem: null });
    try {
      await call("POST", `screenings/${screening.id}/submit/`, { body: {}, key: newKey() });
      write.clear();
      await again();
      tell({ busy: false, problem: null });
    } catch (problem) {
      tell({ busy: false, problem });
    }
  }
  return html`<${Refusal} problem=${write.problem}>
    ${screening.allowed_moves.includes("submit") && html`<button type="button" class="b s" aria-disabled=${state.busy ? "true" : undefined} onClick=${() => state.busy || anew()}>${t("Weigh it anew")}</button>`}
    <${Refusal} problem=${state.problem} />
  <//>`;
}

function Decided({ screening, about }) {
  const found = screening.clearance;
  return html`<section class="de">
    <${Who} about=${about} />
    <div class="de-b pad"><h2 class="h1">${found ? t("It is decided: {decision}.", { decision: decisionName(found.decision) }) : t("It is not submitted yet.")}</h2>
      ${found && html`<p>${found.rationale}</p>`}</div>
  </section>`;
}
