// What stands on the page: who it is for, the wishes, the calendar or the list, and what the plan brings.
import { Icon, html, useEffect, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { words } from "../core/problem.js";
import { dayIn } from "../core/time.js";
import { Course } from "../signs/course.js";
import { Calendar, Legend } from "./calendar.js";
import { breaksRules, inTheWay } from "./judged.js";
import { weeksOf, windowsOf } from "./weeks.js";

const Wishes = lazy(() => import("./wishes.js"), "Wishes", { early: true });
const List = lazy(() => import("./list.js"), "List");
const Paper = lazy(() => import("./list.js"), "Paper");
const Side = lazy(() => import("./side.js"), "Side");

export function Planner(props) {
  const { course, plan, wishes, items, sessions, chosen, place, names, at } = props;
  const zone = place.time_zone;
  const [sure, setSure] = useState(false);
  const [lost, lose] = useState(false); // the parts that are fetched after the page
  useEffect(() => setSure(false), [plan.rows]);
  const stop = plan.rows?.length ? inTheWay(plan) || (breaksRules(plan) && !sure ? t("It breaks a rule of the course: mend it, or say that it is meant so.") : "") : "";
  const act = () => plan.rows?.length && !stop && props.bookAll();
  const order = items.filter((item) => item.state !== "old");
  const step = (by) => () => {
    const next = order[order.findIndex((item) => item.key === chosen?.key) + by] ?? order[by > 0 ? 0 : order.length - 1];
    if (!next) return;
    props.choose(next);
    document.getElementById(`row-${next.key}`)?.focus();
  };
  const moveChosen = () => (chosen?.id ? props.openMove(chosen) : document.getElementById("to-day")?.focus());
  useKeys({ p: props.propose, b: act, m: moveChosen, Escape: () => chosen && props.choose(null), ArrowLeft: step(-1), ArrowRight: step(1), ArrowUp: step(-1), ArrowDown: step(1) });
  const booked = sessions.filter((row) => row.state === "booked");
  return html`<div class="plan" aria-busy=${plan.asking || !plan.look.known ? "true" : "false"}>
    <${Head} course=${course} plan=${plan} wishes=${wishes} sessions=${sessions} stop=${stop} onBook=${act} />
    <${Wishes} wish=${wishes.draft} change=${wishes.change} plan=${plan} course=${course} today=${dayIn(at, zone)} booked=${booked} names=${names} onPropose=${props.propose} />
    <${Middle} ...${props} zone=${zone} />
    <aside class="eff" aria-label=${t("What it brings")}>
      ${!lost && html`<${Side} ...${props} zone=${zone} stop=${stop} sure=${sure} setSure=${setSure} onClose=${() => lose(true)} />`}
    </aside>
    ${!lost && html`<${Paper} items=${items} course=${course} place=${place} names=${names} at=${at} onClose=${() => lose(true)} />`}
  </div>`;
}

function Head({ course, plan, wishes, sessions, stop, onBook }) {
  const { banner, protocol, program } = course;
  const view = wishes.address.view ?? "calendar";
  const open = sessions.filter((row) => row.kind === "integration" && row.state === "booked" && sessions.some((dose) => dose.id === row.for_dose && dose.state === "past")).length;
  const progress = { given: program.progress.dosing.done, planned: program.progress.dosing.planned, integrated: program.progress.integration.met, missed: program.progress.integration.missed, booked: open };
  const seg = (value, label) => html`<button type="button" aria-pressed=${view === value} onClick=${() => wishes.go({ view: value === "calendar" ? null : value })}>${label}</button>`;
  const n = plan.rows?.length ?? 0;
  return html`<header class="who">
    <div class="whom"><h1 class="name">${banner.name} <small>${[banner.pronouns, banner.mrn].filter(Boolean).join(" · ")}</small></h1>
      <span class="small quiet">${about(protocol)}</span></div>
    <${Course} progress=${progress} />
    <span class="grow"></span>
    <div class="seg" role="group" aria-label=${t("View")}>${seg("calendar", t("Calendar"))}${seg("list", t("List"))}</div>
    <button type="button" class="b" onClick=${() => window.print()}><${Icon} name="print" />${t("Print for the client")}</button>
    ${n > 0 && html`<button type="button" class="b go" aria-disabled=${stop ? "true" : undefined} aria-describedby=${stop ? "why-not" : undefined} onClick=${onBook}>${plan.booking.busy ? t("Saving…") : many(n, "Book {n} session", "Book all {n} sessions")} <kbd>b</kbd></button>`}
  </header>`;
}

function about(protocol) {
  const parts = [t("{name}, edition {n}", { name: protocol.name, n: protocol.edition }), many(protocol.planned_doses, "{n} dose", "{n} doses"), t("{h} h apart", { h: protocol.min_gap_hours })];
  if (protocol.program_type === "kap") parts.push(t("integration {a}–{b} h after each", { a: protocol.integration.from_hours, b: protocol.integration.to_hours }));
  return parts.join(" · ");
}

function Middle({ course, plan, wishes, items, chosen, place, names, at, zone, book, changed, choose, drop, propose }) {
  const [past, showPast] = useState(false);
  const today = dayIn(at, zone);
  const windows = windowsOf(items, course.owed, course.protocol);
  const weeks = weeksOf({ items, windows, today, zone, past });
  const earlier = items.filter((item) => item.state === "past" && dayIn(item.starts_at, zone) < weeks[0].monday).length;
  const list = wishes.address.view === "list";
  return html`<section class="cal" aria-label=${t("The course")}>
    ${book.problem && html`<p class="note med">${words(book.problem)}</p>`}
    ${changed && html`<p class="note med" role="status"><${Icon} name="warn" /><span>${t("The book of this course has changed since this was proposed.")} <button type="button" class="b s" onClick=${propose}>${t("Propose again")}</button></span></p>`}
    ${earlier > 0 && html`<p><button type="button" class="b bare s" onClick=${() => showPast(true)}>${many(earlier, "{n} earlier session", "{n} earlier sessions")}</button></p>`}
    ${plan.rows === null && !items.length && !plan.problem ? html`<div class="skels"></div>` : list ? html`<${List} items=${items.filter((item) => item.state !== "old" && (past || item.state !== "past"))} zone=${zone} names=${names} chosen=${chosen?.key} onChoose=${choose} onClose=${() => wishes.go({ view: null })} />` : html`<${Calendar} weeks=${weeks} today=${today} place=${place} zone=${zone} names=${names} chosen=${chosen?.key} onChoose=${choose} onDrop=${drop} />`}
    ${!list && html`<${Legend} />`}
  </section>`;
}
