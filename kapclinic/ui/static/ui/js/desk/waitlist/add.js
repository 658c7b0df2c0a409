// Somebody is put on the waitlist: for what, in which days, and whether they are booked without being asked.
import { announce } from "../../core/announce.js";
import { all } from "../../core/api.js";
import { Dialog } from "../../core/dialog.js";
import { Icon, html, useEffect, useState } from "../../core/h.js";
import { t } from "../../core/i18n.js";
import { words } from "../../core/problem.js";
import { addDays, dayIn, instant } from "../../core/time.js";
import { Faults, Field, wrongOf } from "../parts/fields.js";
import { useWrite } from "../../core/intent.js";
import { Days, Hours, wishesOf } from "../parts/wishes.js";
import { Find } from "../who.js";
import { kindName } from "../words.js";

const KINDS = ["preparation", "dosing", "integration", "medical", "maintenance"];
const LABELS = () => ({
  program: t("Course"),
  kind: t("What"),
  modality: t("Comes by"),
  window_from: t("From"),
  window_to: t("Until"),
  preferred_days: t("Days that suit"),
  preferred_hours: t("Hours that suit"),
});

/** @param {{client?: object, wanted?: string, here: any, at: number, zone: string, onDone: any, onClose: () => void}} props who is to wait and for which kind, where that is known */
export function Add({ client, wanted, here, at, zone, onDone, onClose }) {
  const [who, choose] = useState(client ?? null);
  return html`<${Dialog} title=${t("Add to the waitlist")} onClose=${onClose} wide>
    ${who ? html`<${Wait} who=${who} wanted=${wanted} here=${here} at=${at} zone=${zone} onDone=${onDone} onClose=${onClose} />` : html`<div class="db"><${Find} onPick=${choose} /></div>`}
  <//>`;
}

function Wait({ who, wanted, here, at, zone, onDone, onClose }) {
  const courses = useCourses(who, here);
  const [today] = useState(() => dayIn(at, zone));
  const joining = useWrite((row) => {
    announce(t("On the waitlist: {name}", { name: who.name }));
    onDone(row);
  });
  const [labels, wrong] = [LABELS(), wrongOf(joining.problem)];
  const program = courses.rows?.[0];
  function join(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    joining.write("waitlist/", bodyOf(form, program, zone));
  }
  return html`<form onSubmit=${join}>
    <div class="db">
      <p><b>${who.name}</b> <span class="quiet">${who.mrn}</span></p>
      ${courses.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(courses.problem)}</span></p>`}
      ${courses.rows?.length === 0 && html`<p class="note med">${t("This client has no course at this clinic. A course is opened first.")}</p>`}
      <${Faults} problem=${joining.problem} labels=${labels} />
      <div class="two">
        <${Field} name="kind" label=${labels.kind} wrong=${wrong} required defaultValue=${wanted ?? ""} options=${[["", t("Choose")], ...KINDS.map((kind) => [kind, kindName(kind)])]} />
        <${Field} name="modality" label=${labels.modality} wrong=${wrong} options=${[["any", t("Either")], ["in_person", t("In person")], ["video", t("Video")]]} />
        <${Field} name="window_from" label=${labels.window_from} wrong=${wrong} type="date" required defaultValue=${today} />
        <${Field} name="window_to" label=${labels.window_to} wrong=${wrong} type="date" required defaultValue=${addDays(today, 14)} />
      </div>
      <${Days} label=${labels.preferred_days} />
      <${Hours} wrong=${wrong} />
      <label class="opt"><input type="checkbox" name="auto_fill" />${t("Book without asking: the client agrees to any time that fits, with their own therapist")}</label>
    </div>
    <div class="df">
      <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
      <button class="b go" disabled=${joining.busy || !program || undefined}>${joining.busy ? t("Saving…") : t("Add to the waitlist")}</button>
    </div>
  </form>`;
}

/** The body of `POST waitlist/`: whole days of the clinic, the last one included. */
function bodyOf(form, program, zone) {
  const midnight = (day) => new Date(instant(day, "00:00", zone)).toISOString();
  return {
    program: program.id,
    kind: form.get("kind"),
    modality: form.get("modality"),
    window_from: midnight(form.get("window_from")),
    window_to: midnight(addDays(form.get("window_to"), 1)),
    ...wishesOf(form),
    auto_fill: form.get("auto_fill") === "on",
  };
}

/** A client has one course at a time: the one that is active here. */
function useCourses(who, here) {
  const [state, set] = useState({ rows: null, problem: null });
  useEffect(() => {
    let over = false;
    all("programs/", { client: who.id, location: here.id, status: "active" })
      .then((rows) => !over && set({ rows, problem: null }))
      .catch((problem) => !over && set({ rows: null, problem }));
    return () => {
      over = true;
    };
  }, [who.id]);
  return state;
}
