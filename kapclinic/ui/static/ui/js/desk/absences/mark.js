// Somebody will be away: who, from when to when; under it all that this breaks, each with its way out. Kept as a whole, or not at all.
import { announce } from "../../core/announce.js";
import { Icon, html, useState } from "../../core/h.js";
import { many, t } from "../../core/i18n.js";
import { addDays, clock, dayIn, instant } from "../../core/time.js";
import { Faults, Field, wrongOf } from "../parts/fields.js";
import { useWrite } from "../../core/intent.js";
import { Chosen, when } from "../parts/pane.js";
import { Broken, decided, isDecided, moveOf, wants } from "./broken.js";
import { usePreview } from "./known.js";

const LABELS = () => ({ user: t("Who"), starts_at: t("Away from"), ends_at: t("Back on"), reason: t("Why? The team sees it") });

export function Mark({ names, here, at, onDone }) {
  const zone = here.time_zone;
  const [form, fill] = useState(() => {
    const today = dayIn(at, zone); // who calls in sick does so on the day itself
    return { user: "", from: today, fromTime: clock(at, zone), to: addDays(today, 1), toTime: "00:00", reason: "" };
  });
  const [decisions, decide] = useState({});
  const [override, say] = useState("");
  const asked = askedFor(form, zone);
  const preview = usePreview(asked);
  const sessions = preview.found?.sessions ?? [];
  const keeping = useWrite((row) => {
    announce(t("Kept: {name} is away", { name: names.staff.get(row.user)?.name ?? "" }));
    onDone(row);
  });
  const wanting = sessions.filter(wants);
  const open = wanting.filter((row) => !isDecided(decided(decisions, row)));
  function keep(event) {
    event.preventDefault();
    const moves = wanting.map((row) => moveOf(row, decided(decisions, row), override.trim()));
    keeping.write("absences/", { ...asked, reason: form.reason.trim(), moves });
  }
  // Another span is another question: ways out that were chosen for the one before do not count for it.
  const afresh = () => (decide({}), keeping.clear());
  const change = (values) => (fill({ ...form, ...values }), "reason" in values || afresh());
  const ready = preview.found && !open.length;
  const foot = html`<${Foot} ready=${ready} busy=${keeping.busy} some=${wanting.length > 0} open=${open.length} />`;
  return html`<${Chosen} title=${t("Somebody will be away")} foot=${foot}>
    <form id="mark" class="stack" onSubmit=${(event) => (ready ? keep(event) : event.preventDefault())}>
      <${Faults} problem=${keeping.problem ?? preview.problem} labels=${LABELS()} />
      <${Span} form=${form} change=${change} names=${names} here=${here} wrong=${wrongOf(keeping.problem ?? preview.problem)} />
      ${keeping.problem?.code === "unresolved_sessions" && html`<p><button type="button" class="b s" onClick=${() => (afresh(), preview.again())}>${t("Look again at what it breaks")}</button></p>`}
      ${keeping.problem?.code === "course_conflict" && html`<div class="f"><label for="override">${t("Move them all the same, because")}</label><input id="override" autocomplete="off" value=${override} onInput=${(event) => say(event.target.value)} /></div>`}
      <${Impact} found=${preview.found} zone=${zone} />
      ${sessions.map((row) => html`<${Broken} key=${row.id} session=${row} decision=${decided(decisions, row)} names=${names} zone=${zone}
        conflicts=${(keeping.problem?.extra?.conflicts ?? []).filter((one) => one.moving === row.id)} decide=${(decision) => decide({ ...decisions, [row.id]: decision })} />`)}
    </form>
  <//>`;
}

function Foot({ ready, busy, some, open }) {
  const why = open ? many(open, "{n} session is not decided yet", "{n} sessions are not decided yet") : t("Say who, from when and until when");
  return html`<button class="b go" form="mark" aria-disabled=${ready ? undefined : "true"} disabled=${busy || undefined}>${busy ? t("Saving…") : some ? t("Mark as away, and move these") : t("Mark as away")}</button>
    ${!ready && html`<span class="small quiet">${why}</span>`}`;
}

/** The question to `absences/preview/`; null while the form is not whole. */
function askedFor(form, zone) {
  if (!form.user || !form.from || !form.to || !form.fromTime || !form.toTime) return null;
  const [starts, ends] = [instant(form.from, form.fromTime, zone), instant(form.to, form.toTime, zone)];
  return { user: form.user, starts_at: new Date(starts).toISOString(), ends_at: new Date(ends).toISOString() };
}

function Span({ form, change, names, here, wrong }) {
  const labels = LABELS();
  const rows = [...names.staff.values()].filter((one) => one.is_active && one.locations.includes(here.id)).sort((a, b) => a.name.localeCompare(b.name));
  const set = (name) => (event) => change({ [name]: event.target.value });
  const begin = ({ target: { value: from } }) => change({ from, fromTime: "00:00", ...(from && form.to <= from ? { to: addDays(from, 1) } : {}) });
  return html`<div class="two">
      <${Field} name="user" label=${labels.user} wrong=${wrong} required value=${form.user} onChange=${set("user")} options=${[["", t("Choose")], ...rows.map((one) => [one.id, one.name])]} />
      <${Field} name="reason" label=${labels.reason} wrong=${wrong} maxlength="200" value=${form.reason} onInput=${set("reason")} />
    </div>
    <div class="four">
      <${Field} name="starts_at" label=${labels.starts_at} wrong=${wrong} type="date" required value=${form.from} onInput=${begin} />
      <${Field} name="from_time" label=${t("at")} type="time" required value=${form.fromTime} onInput=${set("fromTime")} />
      <${Field} name="ends_at" label=${labels.ends_at} wrong=${wrong} type="date" required min=${form.from} value=${form.to} onInput=${set("to")} />
      <${Field} name="to_time" label=${t("at")} type="time" required value=${form.toTime} onInput=${set("toTime")} />
    </div>`;
}

/** What the absence comes to, in a line each, before the sessions one by one. */
function Impact({ found, zone }) {
  if (!found) return null;
  const count = found.sessions.length;
  return html`<div class="stack" role="status">
    <h2>${count ? many(count, "{n} session is booked with them then", "{n} sessions are booked with them then") : t("Nothing is booked with them then")}</h2>
    ${found.elsewhere > 0 && html`<p class="note med"><${Icon} name="warn" /><span>${many(found.elsewhere, "{n} more at another clinic, whose desk has to settle it first.", "{n} more at other clinics, whose desks have to settle them first.")}</span></p>`}
    ${found.obligations.map((row) => html`<p class="note med" key=${row.id}><${Icon} name="leaf" /><span>${t("An integration is owed from {from} to {to}.", { from: when(row.window_start, zone), to: when(row.window_end, zone) })} ${row.reason}</span></p>`)}
  </div>`;
}
