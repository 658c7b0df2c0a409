// What would be issued for a client, to the letter, and what it leaves out; one press issues it.
import { announce } from "../core/announce.js";
import { call, get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { useKeys } from "../core/keys.js";
import { Paper } from "./paper.js";
import { Refused, Stand, To } from "./parts.js";
import { dayName, reasonName, sessionName } from "./words.js";

/** What a paper says, apart from what only an issued one has. */
function saidBy(paper) {
  return JSON.stringify([paper.lines, paper.totals, paper.client_as]);
}

/** The preview of what `body` would issue, asked for anew whenever `version` changes. */
function usePreview(body, version) {
  const [state, set] = useState({ data: null, at: 0, problem: null, round: 0 });
  const text = JSON.stringify(body);
  useEffect(() => {
    let over = false;
    call("POST", "superbills/", { query: { preview: true }, body })
      .then(({ data }) => !over && set((old) => ({ ...old, data, at: Date.now(), problem: null })))
      .catch((problem) => !over && set((old) => ({ ...old, data: problem.passing ? old.data : null, problem })));
    return () => {
      over = true;
    };
  }, [text, version, state.round]);
  return { ...state, again: () => set((old) => ({ ...old, problem: null, round: old.round + 1 })) };
}

/**
 * @param {{client: string, period: {from: string, to: string}, location?: string, version: string, corrects?: {id: string, number: string}, row?: any, head: any, nav: any, onIssued: (paper: any, differs: boolean) => void, press: any}} props
 *   `row`: the session that was opened; `version`: of what is charged, as far as the list knows it; `press`: what the
 *   key of the page issues
 */
export function Preview({ client, period, location, version, corrects, row, head, nav, onIssued, press }) {
  const body = { client, from_date: period.from, to_date: period.to, location, only_new: true, ...(corrects ? { corrects: corrects.id } : {}) };
  const seen = usePreview(body, version);
  const write = useWrite((paper) => {
    const differs = seen.data !== null && saidBy(seen.data) !== saidBy(paper);
    announce(t("Issued: superbill {number}", { number: paper.number }));
    onIssued(paper, differs);
  });
  const issue = () => seen.data && !write.busy && write.write("superbills/", body);
  useKeys({ p: () => seen.data && window.print() });
  press.current = issue;
  useEffect(() => () => {
    press.current = null;
  }, []);
  const refused = seen.problem && !seen.problem.passing;
  return html`<div class="pc">
    <header class="row pvh"><h2 class="grow">${corrects ? t("In place of {number}", { number: corrects.number }) : t("Preview")} ${!corrects && html`<span class="faint">${t("what the client gets, to the letter")}</span>`}</h2>
      <button type="button" class="b s" aria-disabled=${seen.data ? undefined : "true"} onClick=${() => seen.data && window.print()}><${Icon} name="print" />${t("Print it")} <kbd>p</kbd></button>
      <button type="button" class="b s go" aria-disabled=${seen.data && !write.busy ? undefined : "true"} onClick=${issue}>${write.busy ? t("Saving…") : t("Issue")}</button></header>
    <div class="pb">
      <${Refused} problem=${write.problem}>${write.problem && !write.problem.passing && html`<p><button type="button" class="b s" onClick=${() => (write.clear(), seen.again())}>${t("Look at the preview again")}</button></p>`}<//>
      ${refused ? html`<${NoPaper} seen=${seen} nav=${nav} />` : html`<${Stand} list=${seen} />`}
      ${seen.data && html`<${Paper} paper=${seen.data} />`}
    </div>
    <div class="under">
      ${row && html`<${Rest} row=${row} version=${version} nav=${nav} />`}
      ${seen.data && html`<${LeftOut} rows=${seen.data.left_out} nav=${nav} /><${Warnings} rows=${seen.data.warnings} />`}
      <p class="row">${head}</p>
    </div>
  </div>`;
}

/** Why there is no paper, and where the way out is. */
function NoPaper({ seen, nav }) {
  const again = html`<button type="button" class="b s" onClick=${seen.again}>${t("Try again")}</button>`;
  if (seen.problem.code !== "nothing_to_bill") return html`<${Refused} problem=${seen.problem}><p>${t("So there is no paper yet.")} ${again}</p><//>`;
  if (!seen.problem.extra?.left_out?.some((one) => one.reason === "in_review" || one.reason === "note_unsigned")) return html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${t("Nothing is charged in these days any more, so nothing can stand on a paper. Tell the client that the one they have no longer counts.")}</span>${again}</p>`;
  return html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${t("What is charged cannot stand on paper yet: a charge waits for the medical director, or a note was opened again.")} <${To} ...${nav} change=${{ tab: "blocked", row: null, view: null }}>${t("See who clears it")}<//></span>${again}</p>`;
}

/** What of the opened session is not charged yet. */
function Rest({ row, version, nav }) {
  const [made, set] = useState(null);
  useEffect(() => {
    let over = false;
    get(`sessions/${row.session.id}/proposed-charges/`).then((found) => !over && set(found), () => {}); // the paper is what was asked for
    return () => {
      over = true;
    };
  }, [row.session.id, version]);
  const left = made ? made.lines.length + made.blockers.length : 0;
  if (!left) return null;
  return html`<p class="note med"><${Icon} name="warn" /><span>${many(left, "{n} line of {session} is not charged yet.", "{n} lines of {session} are not charged yet.", { session: sessionName(row.session) })} <${To} ...${nav} change=${{ row: row.session.id, view: "rest" }}>${t("See which")}<//></span></p>`;
}

/** Where the word is that a session waits for. */
function whereabouts(one) {
  if (one.reason === "internal_code") return null;
  if (one.reason === "in_review") return { tab: "blocked", row: null, view: null };
  return { tab: one.reason === "not_charged" ? null : "blocked", row: one.session, view: null };
}

function LeftOut({ rows, nav }) {
  return rows.map((one) => html`<p class="note med" key=${one.session}><${Icon} name="warn" /><span><b>${t("{session} ({day}) is not on this superbill:", { session: sessionName(one), day: dayName(one.date) })}</b> ${reasonName(one.reason)}.
    ${whereabouts(one) && html` <${To} ...${nav} change=${whereabouts(one)}>${t("See who clears it")}<//>${t(", or issue now and bill it later.")}`}</span></p>`);
}

function Warnings({ rows }) {
  return rows.map((one) => html`<p class="note" key=${one.code}><${Icon} name="info" /><span>${one.detail}</span></p>`);
}
