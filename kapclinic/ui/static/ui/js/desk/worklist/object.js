// The chosen row: whom it is about, what is to be done, and the button that settles it.
import { Icon, html } from "../../core/h.js";
import { t, told } from "../../core/i18n.js";
import { useKeys } from "../../core/keys.js";
import { words } from "../../core/problem.js";
import { dayIn } from "../../core/time.js";
import { useClients } from "../parts/clients.js";
import { Chosen, due, when, whenTo } from "../parts/pane.js";
import { shownName } from "../parts/privacy.js";
import { firstNames, sessionName } from "../words.js";
import { useFacts } from "./facts.js";
import { actOf, byFact } from "./kinds.js";

/** Act -> {label, icon, dialog or href}; null while what it needs is not there. */
function wayOut(task, { owed, link, session }, phone, zone) {
  const onDay = session && `/desk/schedule?day=${dayIn(session.starts_at, zone)}&session=${session.id}`;
  const call = session && { ...session, integration_session: { id: session.id, starts_at: session.starts_at } };
  const client = { id: task.client, name: task.client_name, mrn: task.client_mrn };
  const ways = {
    slot: owed && { label: t("Find a slot"), icon: "cal", dialog: { kind: "book", obligation: owed } },
    confirm: call && { label: t("Call, and confirm"), icon: "phone", dialog: { kind: "call", row: call, plain: !owed } },
    ride: session && { label: t("Who takes the client home?"), icon: "car", dialog: { kind: "ride", row: session } },
    tell: { label: t("Call, and write it down"), icon: "phone", dialog: { kind: "done", task, phone } },
    move: session && { label: t("Move, or find somebody"), icon: "move", dialog: { kind: "move", row: session } },
    offer: { label: t("Show the offer"), icon: "wait", href: `/desk/waitlist?offer=${task.subject_id}` },
    day: onDay && { label: t("Show it on its day"), icon: "cal", href: onDay },
    plan: { label: t("Show the plan"), icon: "list", href: `/programs/${task.subject_id}/plan` },
    visit: { label: t("Find a time"), icon: "cal", dialog: { kind: "book", start: { client, program: task.subject_id, kind: "medical" } } },
    link: link && { label: link.state === "locked" ? t("Send another link") : t("See what the client answered"), icon: "right", href: `/intake/${link.program}?tab=links&link=${link.id}` },
    bedside: task.session && { label: t("Go to the bedside"), icon: "heart", href: `/bedside/sessions/${task.session}` },
  };
  return ways[actOf(task)] || null;
}

export function TaskObject({ task, names, at, zone, open }) {
  const facts = useFacts(task);
  const client = useClients([task.client]).get(task.client);
  const out = wayOut(task, facts, client?.phone, zone);
  const closes = task.allowed_moves.includes("done") && !byFact(task);
  const note = () => open({ kind: "done", task, phone: client?.phone });
  const go = () => out && (out.href ? location.assign(out.href) : open(out.dialog));
  useKeys({ s: go, d: () => closes && note() });
  const late = Date.parse(task.due_at) < at;
  const aside = html`<span class=${late ? "chip high-soft" : "chip"}><${Icon} name=${late ? "stop" : "wait"} />${due(task.due_at, at)}</span>`;
  const foot = html`${out && (out.href ? html`<a class="b go" href=${out.href}><${Icon} name=${out.icon} />${out.label} <kbd>s</kbd></a>` : html`<button type="button" class="b go" onClick=${go}><${Icon} name=${out.icon} />${out.label} <kbd>s</kbd></button>`)}
    ${closes && out?.dialog?.kind !== "done" && html`<button type="button" class=${out ? "b" : "b go"} onClick=${note}><${Icon} name="pen" />${t("Done, with a note…")} <kbd>d</kbd></button>`}
    ${byFact(task) && html`<span class="small quiet">${t("This row goes by itself once that is done.")}</span>`}`;
  return html`<${Chosen} title=${shownName(task.client_name) ?? t("Clinic")} aside=${aside} foot=${foot}>
    <p class="what">${told(task.label)}</p>
    ${task.escalation > 0 && html`<p class="note med"><${Icon} name="warn" /><span>${t("Nobody acted in time: it was carried up.")}</span></p>`}
    ${facts.problem && html`<p class="note med"><${Icon} name="warn" /><span>${words(facts.problem)}</span></p>`}
    <${About} task=${task} facts=${facts} client=${client} names=${names} zone=${zone} />
  <//>`;
}

function About({ task, facts, client, names, zone }) {
  const { owed, session } = facts;
  return html`<dl class="dl">
    ${task.client_mrn && html`<dt>${t("MRN")}</dt><dd>${task.client_mrn}</dd>`}
    ${client?.phone && html`<dt>${t("Phone")}</dt><dd><a href=${`tel:${client.phone}`}>${client.phone}</a></dd>`}
    ${owed && html`<dt>${t("Window")}</dt><dd>${when(owed.window_start, zone)} – ${when(owed.window_end, zone)}</dd>`}
    ${session && html`<dt>${t("What")}</dt><dd>${sessionName(session)}</dd><dt>${t("Time")}</dt><dd>${whenTo(session, zone)}</dd>
      <dt>${t("Where")}</dt><dd>${names.rooms.get(session.room)?.name ?? (session.modality === "video" ? t("Video") : t("Without a room"))}</dd>
      <dt>${t("With")}</dt><dd>${firstNames(session, names.staff) || t("nobody")}</dd>`}
    <dt>${t("Due")}</dt><dd>${when(task.due_at, zone)}</dd>
  </dl>`;
}
