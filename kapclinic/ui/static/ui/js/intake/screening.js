// The screening's questions, asked with the client or taken over from their link: a draft until it is submitted.
import { all, call, newKey } from "../core/api.js";
import { announce } from "../core/announce.js";
import { Icon, html, useState } from "../core/h.js";
import { many, t, told } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { has } from "../core/me.js";
import { words } from "../core/problem.js";
import { useLoaded } from "../care/loaded.js";
import { Refusal } from "../care/parts.js";
import { when } from "../care/who.js";
import { useDraft } from "./draft.js";
import { Pressures } from "./pressures.js";
import { Question, answerWord, valueOf } from "./question.js";
import { Texts } from "./texts.js";

export function Screening({ about, onAbout }) {
  const loaded = useLoaded(`screening ${about.program.id}`, async () => {
    const [rows, conditions] = await Promise.all([all("screenings/", { program: about.program.id }, 50), all("screenings/conditions/")]);
    return { rows, conditions };
  });
  const begun = useWrite(() => loaded.again());
  if (!loaded.data) return loaded.problem ? html`<p class="note high" role="alert">${words(loaded.problem)}</p>` : null;
  const { rows, conditions } = loaded.data;
  const draft = rows.find((row) => row.status === "draft");
  if (draft) return html`<${Draft} key=${draft.id} first=${draft} conditions=${conditions} zone=${about.zone} onDone=${async () => (await loaded.again(), onAbout())} />`;
  return html`<div class="stack narrow">
    ${rows.map((row) => html`<${Sent} key=${row.id} row=${row} zone=${about.zone} />`)}
    ${!rows.length && html`<p>${t("No screening yet in this course.")}</p>`}
    <${Refusal} problem=${begun.problem} />
    <div><button type="button" class=${rows.length ? "b" : "b go"} aria-disabled=${begun.busy ? "true" : undefined} onClick=${() => begun.write("screenings/", { program: about.program.id })}><${Icon} name="plus" />${rows.length ? t("Screen again") : t("Begin the screening")}</button></div>
  </div>`;
}

/** One that was submitted: how it stands, and the way to the decision for who decides. */
function Sent({ row, zone }) {
  const counted = ["absolute", "relative", "unknown"].map((name) => row.findings.filter((one) => one.severity === name).length);
  const state = row.clearance ? DECIDED[row.clearance.decision]?.() ?? row.clearance.decision : t("It waits for the prescriber.");
  return html`<section class="card pad"><h2>${t("Submitted {when}", { when: when(row.submitted_at, zone) })}</h2>
    <p><b>${state}</b></p>
    <p class="quiet">${t("{absolute} absolute, {relative} relative, {unknown} unknown", { absolute: counted[0], relative: counted[1], unknown: counted[2] })}</p>
    ${!row.clearance && has("prescriber", "medical_director") && html`<p><a href=${`/decide/${row.id}`}>${t("Decide it")}</a></p>`}
  </section>`;
}

const DECIDED = { cleared: () => t("Cleared."), deferred: () => t("Deferred: it is asked again later."), declined: () => t("Declined.") };

function Draft({ first, conditions, zone, onDone }) {
  const draft = useDraft(first);
  const [state, tell] = useState({ busy: false, problem: null });
  const asked = conditions.filter((one) => one.asked);
  const open = asked.filter((one) => valueOf(draft.row.answers[one.code]) === undefined);
  async function submit() {
    if (state.busy) return;
    tell({ busy: true, problem: null });
    try {
      if (!(await draft.flush())) return tell({ busy: false, problem: null });
      await call("POST", `screenings/${first.id}/submit/`, { body: {}, key: newKey() });
      announce(t("The screening is submitted."));
      await onDone();
    } catch (problem) {
      tell({ busy: false, problem });
    }
    return undefined;
  }
  return html`<div class="stack narrow">
    <div class="row wrap"><h2 class="h1 grow">${t("Screening")}</h2><${Place} draft=${draft} /></div>
    ${draft.clash && html`<${Clash} draft=${draft} conditions=${conditions} />`}
    ${draft.state === "refused" && html`<${Refusal} problem=${draft.problem} />`}
    <p class="quiet">${t("Ask the client, or go through what they sent. Nothing is guessed: what is left out is a finding of its own.")}</p>
    <ol class="qs">${asked.map((one) => html`<${Question} key=${one.code} condition=${one} answer=${draft.row.answers[one.code]} set=${(answer) => draft.change({ answers: { [one.code]: answer } })} />`)}</ol>
    <${Pressures} rows=${draft.row.blood_pressures} zone=${zone} set=${(rows) => draft.change({ blood_pressures: rows })} />
    <${Texts} rows=${draft.row.medications} set=${(rows) => draft.change({ medications: rows })} />
    <footer class="dc one">
      <${Refusal} problem=${state.problem} />
      <span class="grow small">${open.length ? many(open.length, "{n} question is not answered: it becomes a finding.", "{n} questions are not answered: each becomes a finding.") : t("Every question is answered.")}
        ${open.length > 0 && html` <a href=${`#q-${open[0].code}`}>${t("To the first one")}</a>`}</span>
      <button type="button" class="b go xl" aria-disabled=${state.busy || draft.clash ? "true" : undefined} onClick=${() => draft.clash || submit()}>${state.busy ? t("Sending") : t("Submit")}</button>
    </footer>
  </div>`;
}

/** Where the answers are, in words. */
function Place({ draft }) {
  const said = {
    server: [t("On the server"), "ok"],
    sending: [t("Sending"), "wifi"],
    page: [draft.problem ? t("No network: on this page alone") : t("On this page, not sent yet"), "off"],
    refused: [t("The server refused it"), "warn"],
    clash: [t("Somebody else wrote too"), "warn"],
  }[draft.state];
  return html`<span class=${`chip${draft.state === "server" ? " good" : " med"}`} role="status"><${Icon} name=${said[1]} />${said[0]}</span>`;
}

/** Two writers: both versions, side by side, and two verbs. */
function Clash({ draft, conditions }) {
  const nameOf = (one) => (one.code ? told(conditions.find((row) => row.code === one.code)?.label ?? one.code) : { blood_pressures: t("Blood pressures"), medications: t("Medicines") }[one.field]);
  const shown = (one, value) => (one.code ? answerWord(value) : (value ?? []).map((row) => row.text ?? `${row.systolic}/${row.diastolic}`).join(", ") || t("none"));
  return html`<section class="card pad" role="alert" aria-label=${t("Two versions")}>
    <h3>${t("Somebody else changed this in the meantime")}</h3>
    <table class="list"><thead><tr><th scope="col">${t("Question")}</th><th scope="col">${t("Yours")}</th><th scope="col">${t("Theirs")}</th></tr></thead><tbody>
      ${draft.clash.map((one) => html`<tr key=${one.code ?? one.field}><td>${nameOf(one)}</td><td>${shown(one, one.mine)}</td><td>${shown(one, one.theirs)}</td></tr>`)}</tbody></table>
    <div class="row wrap"><button type="button" class="b" onClick=${draft.keep}>${t("Write yours")}</button><button type="button" class="b" onClick=${draft.take}>${t("Take theirs")}</button></div>
  </section>`;
}
