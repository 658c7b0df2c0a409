// One session before it is charged: the lines that the record bears out, and what stops others. All of them, or none.
import { announce } from "../core/announce.js";
import { get } from "../core/api.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { has } from "../core/me.js";
import { money, parse, plain, sum, wire } from "../core/cents.js";
import { Refused, Stand } from "./parts.js";
import { Whom, isMine } from "./who.js";
import { blockerSaid, coverageName, dayName, sessionName } from "./words.js";

const Fee = lazy(() => import("./fee.js"), "Fee");
const Diagnosis = lazy(() => import("./diagnosis.js"), "Diagnosis");
const ByHand = lazy(() => import("./byhand.js"), "ByHand");
/** What the director's word lets pass. */
const PASSABLE = ["estimate_exceeded", "minutes_too_short", "minutes_too_long", "overlapping_service"];

/** What is proposed for a session, asked for anew by `again`. */
function useProposed(id) {
  const [state, set] = useState({ data: null, at: 0, problem: null, round: 0 });
  useEffect(() => {
    let over = false;
    get(`sessions/${id}/proposed-charges/`)
      .then((data) => !over && set((old) => ({ ...old, data, at: Date.now(), problem: null })))
      .catch((problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [id, state.round]);
  return { ...state, again: () => set((old) => ({ ...old, problem: null, round: old.round + 1 })) };
}

/** Is what was typed no amount that can be charged? */
function unread(draft) {
  const cents = draft?.amount === undefined ? 0 : parse(draft.amount);
  return cents === null || cents < 0;
}

/** A line as it is sent: as it was proposed, or with what the biller has changed. */
function sent(line, draft = {}) {
  const cents = draft.amount === undefined ? null : parse(draft.amount);
  const changed = cents !== null && cents !== parse(line.list_amount);
  return {
    ...line,
    ...(changed ? { amount: wire(cents) } : {}),
    ...(changed && draft.reason ? { amount_reason: draft.reason.trim() } : {}),
    ...(draft.pass ? { override_reason: draft.pass.trim() } : {}),
  };
}

/** The lines as they are worked on here, and the write of them. */
function useDraft(row, hand, onCharged) {
  const proposed = useProposed(row.session.id);
  const [drafts, change] = useState({});
  const [added, add] = useState([]);
  const write = useWrite((answer) => {
    hand.current = null;
    announce(many(answer.charges.length, "{n} line charged", "{n} lines charged"));
    onCharged(answer.charges);
  });
  useEffect(() => () => {
    hand.current = null;
  }, []);
  const lines = [...(proposed.data?.lines ?? []), ...added];
  const bodies = lines.map((line, i) => sent(line, drafts[i]));
  return {
    proposed, drafts, write, lines, bodies,
    blockers: (proposed.data?.blockers ?? []).filter((one) => !added.some((line) => line.code === one.service_code)),
    save: () => {
      const bad = lines.findIndex((_, i) => unread(drafts[i]));
      if (bad >= 0) document.getElementById(`line-${bad}`)?.focus();
      else write.write(`sessions/${row.session.id}/proposed-charges/`, { lines: bodies });
    },
    together: lines.some((_, i) => unread(drafts[i])) ? null : sum(bodies.map((line) => line.amount ?? line.list_amount ?? "0")),
    edit: (i, part) => {
      hand.current = row.session.id;
      change({ ...drafts, [i]: { ...drafts[i], ...part } });
    },
    more: (line) => {
      hand.current = row.session.id;
      add([...added, line]);
    },
    anew: () => {
      hand.current = row.session.id;
      write.clear();
      change({});
      add([]);
      proposed.again();
    },
  };
}

/**
 * @param {{row: any, staff: Map<string, any>, here: any, hand: any, single: boolean, head: any, onCharged: (charges: any[]) => void}} props
 *   `hand`: says that somebody is at work here, so that no row goes from under them; `single`: no other rows are chosen,
 *   whose key `c` is then
 */
export function Proposal({ row, staff, here, hand, single, head, onCharged }) {
  const draft = useDraft(row, hand, onCharged);
  const { proposed, lines, blockers, write } = draft;
  const [dialog, open] = useState(null);
  const form = useRef(null);
  const close = () => open(null);
  useKeys(single ? { c: () => form.current?.requestSubmit() } : {});
  return html`<div class="pc">
    <header class="row pvh"><h2 class="grow">${row.client.name} <span class="faint">${sessionName(row.session)}, ${dayName(row.session.date)}</span></h2>${head}</header>
    <div class="pb">
      <${Stand} list=${proposed} />
      ${proposed.data && html`<form ref=${form} onSubmit=${(event) => (event.preventDefault(), draft.save())}>
        <${Blockers} blockers=${blockers} staff=${staff} row=${row} open=${open} />
        ${lines.length > 0 && html`<ul class="lines">${lines.map((line, i) => html`<${Line} key=${i} n=${i} line=${line} draft=${draft.drafts[i] ?? {}} passes=${passes(write.problem, i)} edit=${(part) => draft.edit(i, part)} />`)}</ul>`}
        ${!lines.length && !blockers.length && html`<p class="empty">${t("Nothing is left to charge here.")}</p>`}
        <${Refused} problem=${write.problem} lines=${lines}><${WayOut} problem=${write.problem} staff=${staff} anew=${draft.anew} /><//>
        ${lines.length > 0 && html`<footer class="row wrap"><span class="grow">${t("Together")} <b class="mn">${money(draft.together)}</b>${blockers.length > 0 && html`<br /><span class="small quiet">${t("What is stopped stays with this session until it is charged.")}</span>`}</span>
          <button class="b go" aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Saving…") : many(lines.length, "Charge {n} line", "Charge {n} lines")} ${single && html`<kbd>c</kbd>`}</button></footer>`}
      </form>`}
    </div>
    ${dialog?.kind === "fee" && html`<${Fee} code=${dialog.code} day=${row.session.date} here=${here} onDone=${() => (close(), draft.anew())} onClose=${close} />`}
    ${dialog?.kind === "diagnosis" && html`<${Diagnosis} program=${dialog.program} onDone=${() => (close(), draft.anew())} onClose=${close} />`}
    ${dialog?.kind === "hand" && html`<${ByHand} code=${dialog.code} ndc=${dialog.ndc} onDone=${(line) => (close(), draft.more(line))} onClose=${close} />`}
  </div>`;
}

/** Did the server refuse this line for what the director may let pass? */
function passes(problem, i) {
  if (!problem || !has("medical_director")) return false;
  if (PASSABLE.includes(problem.code)) return true;
  return (problem.errors ?? []).some((error) => PASSABLE.includes(error.code) && error.pointer.startsWith(`/lines/${i}/`));
}

/** What helps after a refusal: the proposal as it is now, or the director. */
function WayOut({ problem, staff, anew }) {
  if (!problem) return null;
  const codes = [problem.code, ...(problem.errors ?? []).map((error) => error.code)];
  const asks = codes.some((code) => PASSABLE.includes(code)) && !has("medical_director");
  const director = { who_can_clear: ["medical_director"] };
  return html`${asks && html`<p>${t("The medical director can let it pass with a reason.")}</p><${Whom} blocker=${director} staff=${staff} />`}
    ${!problem.passing && html`<p><button type="button" class="b s" onClick=${anew}>${t("Look at the proposal again")}</button></p>`}`;
}

function Line({ n, line, draft, passes: asks, edit }) {
  const list = parse(line.list_amount);
  const cents = draft.amount === undefined ? list : parse(draft.amount);
  const bad = unread(draft);
  const off = !bad && cents !== null && list !== null && cents !== list;
  const id = `line-${n}`;
  return html`<li>
    <div class="grow"><b>${line.code}</b> ${line.label}<br /><span class="small quiet">${line.rendering_name} · ${many(line.units, "{n} unit", "{n} units")}${line.rule && html` · ${line.rule}`}${line.coverage_expectation && html` · ${coverageName(line.coverage_expectation)}`}${line.ndc && html`<br />NDC ${line.ndc} · ${line.ndc_quantity} ${line.ndc_unit}`}</span></div>
    ${list === null ? html`<span class="small quiet">${t("by the list")}</span>` : html`<div class=${bad ? "f amt bad" : "f amt"}><label class="vh" for=${id}>${t("Amount of {code}", { code: line.code })}</label><input id=${id} inputmode="decimal" autocomplete="off" required aria-invalid=${bad ? "true" : undefined} aria-describedby=${bad ? `${id}-bad` : undefined} value=${draft.amount ?? plain(line.list_amount).replaceAll(",", "")} onInput=${(event) => edit({ amount: event.target.value })} />
      ${bad && html`<span class="err" id=${`${id}-bad`}>${t("Write an amount, such as 165.00.")}</span>`}</div>`}
    ${off && html`<div class="f why"><label for=${`${id}-why`}>${cents < list ? t("Why is it less than {amount}?", { amount: plain(line.list_amount) }) : t("Why is it more than {amount}? It waits for the medical director then.", { amount: plain(line.list_amount) })}</label>
      <input id=${`${id}-why`} autocomplete="off" required=${cents < list} minlength="3" maxlength="1000" value=${draft.reason ?? ""} onInput=${(event) => edit({ reason: event.target.value })} /></div>`}
    ${asks && html`<div class="f why"><label for=${`${id}-pass`}>${t("Why does it pass all the same? Your name stands with it.")}</label>
      <input id=${`${id}-pass`} autocomplete="off" minlength="3" maxlength="1000" value=${draft.pass ?? ""} onInput=${(event) => edit({ pass: event.target.value })} /></div>`}
  </li>`;
}

function Blockers({ blockers, staff, row, open }) {
  return html`<ul class="stops">${blockers.map((one) => html`<li key=${one.code + one.detail}>
    <p><${Icon} name="x" /><b>${blockerSaid(one, staff)}</b></p>
    <${Way} blocker=${one} row=${row} open=${open} />
    <${Whom} blocker=${one} staff=${staff} />
  </li>`)}</ul>`;
}

/** What whoever looks at it can do themselves. */
function Way({ blocker, row, open }) {
  if (!isMine(blocker)) return null;
  const go = (kind, label, more = {}) => html`<p><button type="button" class="b s" onClick=${() => open({ kind, code: blocker.service_code, ...more })}>${label}</button></p>`;
  if (blocker.code === "missing_fee") return go("fee", t("Set the fee…"));
  if (blocker.code === "ndc_missing") return go("hand", t("Add the line by hand…"), { ndc: true });
  if (blocker.code === "minutes_too_short") return go("hand", t("Let it pass, with a reason…"));
  if (blocker.code === "not_discharged") return html`<p><a class="b s" href=${row.session.kind === "dosing" ? `/bedside/sessions/${row.session.id}` : `/desk/schedule?day=${row.session.date}&session=${row.session.id}`}>${t("Open the session")}</a></p>`;
  if (blocker.subject.type === "charge") return html`<p><a class="b s" href=${`/billing/clients/${row.client.id}?row=${blocker.subject.id}`}>${t("Reverse the charge")}</a></p>`;
  if (blocker.subject.type === "program") return go("diagnosis", t("Set the diagnosis…"), { program: blocker.subject.id });
  return null;
}

