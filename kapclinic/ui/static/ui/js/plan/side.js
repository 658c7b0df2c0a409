// The right side: a refusal, the chosen session, what the others bring, and what it takes to book.
import { Icon, html, useEffect, useRef } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { Booked, ItsDay, Proposed } from "./chosen.js";
import { Effects, Refusal } from "./effects.js";
import { breaksRules, broken, mendable } from "./judged.js";
import { keyOf } from "./rows.js";

const UPRIGHT = "(max-width: 60rem)"; // where it lies below the calendar

/** @param {{course: object, plan: object, items: object[], chosen: object | null, place: object, names: object, zone: string, stop: string, sure: boolean, setSure: any, move: any, moveBooked: any, openMove: any, choose: any}} props */
export function Side(props) {
  const { course, plan, items, chosen, place, names, zone, stop, sure, setSure, move, moveBooked, openMove, choose } = props;
  const pane = useRef(null);
  useEffect(() => {
    if (chosen && window.matchMedia(UPRIGHT).matches) pane.current.scrollIntoView({ block: "start" });
  }, [chosen?.key]);
  const then = (act) => (...given) => (act(...given), pane.current.focus()); // what was pressed is gone
  const mend = then((row, remedy) => move(keyOf(row), remedy));
  const common = { item: chosen, plan, course, place, names, items };
  const rows = plan.rows ?? [];
  return html`<div class="effb" ref=${pane} tabindex="-1">
      <${Refusal} plan=${plan} names=${names} zone=${zone} />
      ${chosen?.id && html`<${Booked} ...${common} onMove=${() => openMove(chosen)} onClose=${() => choose(null)} />`}
      ${chosen && !chosen.id && html`<${Proposed} ...${common} onMove=${then((to) => move(chosen.key, to))} onPutBack=${then(() => plan.putBack(chosen.key))} onMend=${mend} onBooked=${moveBooked} onClose=${() => choose(null)} />`}
      <${Rest} rows=${rows.filter((row) => keyOf(row) !== chosen?.key)} all=${rows} plan=${plan} zone=${zone} chosen=${chosen} next=${items.find((item) => item.state === "booked")} onMend=${mend} onBooked=${moveBooked} />
    </div>
    ${rows.length > 0 && html`<div class="stack" aria-live="polite">
      ${mendable(plan) > 1 && html`<button type="button" class="b" onClick=${plan.mendAll}>${t("Mend all that breaks")}</button>`}
      ${plan.changed.size > 0 && html`<p class="small quiet row"><span class="grow">${many(plan.changed.size, "{n} session differs from the proposal", "{n} sessions differ from the proposal")}</span>
        <button type="button" class="b bare s" onClick=${() => plan.putBack()}>${t("Put all back")}</button></p>`}
      ${breaksRules(plan) && html`<label class="opt"><input type="checkbox" checked=${sure} onChange=${(event) => setSure(event.target.checked)} />${t("It is meant so: it may be booked with what breaks")}</label>`}
      ${plan.look.problem && html`<button type="button" class="b" onClick=${plan.lookAgain}>${t("Try again")}</button>`}
      ${stop && html`<p class="small quiet" id="why-not"><${Icon} name="info" /> ${stop}</p>`}
    </div>`}`;
}

/** What the other sessions of the plan bring; with nothing chosen, all of them. */
function Rest({ rows, all, plan, zone, chosen, next, onMend, onBooked }) {
  if (plan.rows === null) return null;
  if (!all.length) return chosen || plan.asking ? null : html`<p class="quiet">${plan.unmet.length ? t("No plan fits. What stands in its way is on the left.") : t("Every session of this course is in the book.")} ${next && html`<${ItsDay} item=${next} zone=${zone} />`}</p>`;
  const loud = chosen ? broken(rows, plan.look.effects) : rows;
  const some = loud.some((row) => plan.look.effects.get(keyOf(row))?.length);
  if (chosen && !some) return null;
  return html`<h2>${chosen ? t("And in the other sessions") : t("If all of it is booked")}</h2>
    ${!some && html`<p class="small quiet">${plan.look.known && !plan.look.problem ? t("Nothing breaks, nothing else moves.") : "…"}</p>`}
    <${Effects} rows=${loud} plan=${plan} zone=${zone} onMend=${onMend} onBooked=${onBooked} named />
    ${!chosen && html`<p class="small faint">${t("Choose a session to see what it brings, or to move it.")}</p>`}`;
}
