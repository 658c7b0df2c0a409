// Who a booking is for and what it is: client, course, kind, days, time of day, therapist, room.
import { all, get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { date } from "../core/time.js";
import { picked } from "./people/names.js";
import { kindName } from "./words.js";

const KINDS = ["preparation", "dosing", "integration", "medical", "maintenance"];
const PARTS = () => [["", t("Any")], ["morning", t("Morning")], ["afternoon", t("Afternoon")]];

export function Who({ wish, change, names, zone, location, open }) {
  const [courses, setCourses] = useState({ rows: null, problem: null });
  useEffect(() => {
    if (!wish.client) return undefined;
    let over = false;
    all("programs/", { client: wish.client.id, location })
      .then((rows) => {
        if (over) return;
        const open = rows.filter((row) => ["active", "on_hold"].includes(row.status));
        setCourses({ rows: open, problem: null });
        if (!wish.program && open.length === 1) change({ program: open[0].id });
      })
      .catch((problem) => !over && setCourses({ rows: null, problem }));
    return () => {
      over = true;
    };
  }, [wish.client?.id]);
  return html`<section class="who-what" aria-label=${t("Who and what")}>
    ${wish.client ? html`<${Chosen} client=${wish.client} onClear=${wish.obligation ? null : () => change({ client: null, program: null, kind: null })} />` : html`<${Find} onPick=${(client) => change({ client, program: null, kind: null })} onNew=${open && (() => open({ kind: "client" }))} />`}
    ${courses.problem && html`<p class="note high">${words(courses.problem)}</p>`}
    ${wish.client && courses.rows?.length === 0 && html`<p class="note med"><span>${t("This client has no course at this clinic. A course is opened first.")}
      ${open && html` <button type="button" class="b s" onClick=${() => open({ kind: "program", client: wish.client })}>${t("Open a course")}</button>`}</span></p>`}
    ${courses.rows?.length > 1 && !wish.obligation && html`<${Courses} rows=${courses.rows} wish=${wish} change=${change} />`}
    ${wish.program && !wish.obligation && html`<p class="small"><a href=${`/programs/${wish.program}/plan`}>${t("Plan the whole course instead")}</a></p>`}
    ${wish.program && html`<${Kinds} wish=${wish} change=${change} /><${Wishes} wish=${wish} change=${change} names=${names} zone=${zone} />`}
  </section>`;
}

function Chosen({ client, onClear }) {
  return html`<div class="f"><span class="label">${t("Client")}</span>
    <div class="field pickd"><span><b>${client.name}</b><br /><span class="small quiet">${client.mrn}${client.born && ` · ${t("born {date}", { date: date(client.born) })}`}</span></span>
      ${onClear && html`<button type="button" class="b bare s" aria-label=${t("Another client")} onClick=${onClear}><${Icon} name="x" /></button>`}</div></div>`;
}

/** A client by name, MRN, phone or birth date; with `onNew` also one who is not here yet. */
export function Find({ onPick, onNew }) {
  const [text, setText] = useState("");
  const [rows, setRows] = useState([]);
  useEffect(() => {
    let over = false;
    if (text.trim().length < 2) {
      setRows([]);
      return undefined;
    }
    const timer = setTimeout(() => get("clients/", { search: text.trim(), page_size: 8 }).then(({ results }) => !over && setRows(results), () => {}), 150);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [text]);
  return html`<div class="f">
    <label for="client">${t("Client")}</label>
    <input id="client" type="search" autocomplete="off" autofocus placeholder="" value=${text} onInput=${(event) => setText(event.target.value)} />
    <span class="hint">${t("Name, MRN, phone or date of birth")}</span>
    <ul class="stack">
      ${rows.map((row) => html`<li key=${row.id}><button type="button" class="opt wide" onClick=${() => onPick(picked(row))}><b class="grow">${row.chosen_name || row.legal_first_name} ${row.legal_last_name}</b><span class="small quiet">${row.date_of_birth && date(row.date_of_birth)} · ${row.mrn}</span></button></li>`)}
    </ul>
    ${onNew && html`<p><button type="button" class="b s" onClick=${onNew}><${Icon} name="plus" />${t("New client")}</button></p>`}
  </div>`;
}

function Courses({ rows, wish, change }) {
  return html`<div class="f"><label for="course">${t("Course")}</label>
    <select id="course" value=${wish.program ?? ""} onChange=${(event) => change({ program: event.target.value || null })}>
      <option value="">${t("Choose")}</option>
      ${rows.map((row) => html`<option key=${row.id} value=${row.id}>${row.program_type} · ${row.phase ?? ""}</option>`)}
    </select></div>`;
}

function Kinds({ wish, change }) {
  return html`<fieldset class="f"><legend class="label">${t("What")}</legend>
    <div class="opts" role="radiogroup">
      ${KINDS.filter((kind) => !wish.obligation || kind === "integration").map((kind) => html`<button type="button" key=${kind} role="radio" class="opt k-${kind}" aria-checked=${wish.kind === kind} onClick=${() => change({ kind })}><i class="kdot"></i>${kindName(kind)}</button>`)}
    </div></fieldset>`;
}

function Wishes({ wish, change, names }) {
  const set = (name) => (event) => event.target.value && change({ [name]: event.target.value });
  const choice = (name) => (event) => change({ [name]: event.target.value });
  const therapists = [...names.staff.values()].filter((one) => one.is_active && one.roles.some((role) => ["therapist", "nurse_practitioner", "prescriber"].includes(role)));
  return html`<div class="two">
      <div class="f"><label for="from">${t("From")}</label><input id="from" type="date" value=${wish.from} onChange=${set("from")} /></div>
      <div class="f"><label for="to">${t("Until")}</label><input id="to" type="date" value=${wish.to} onChange=${set("to")} /></div>
    </div>
    <div class="f"><span class="label" id="part">${t("Time of day")}</span>
      <div class="seg" role="group" aria-labelledby="part">${PARTS().map(([value, label]) => html`<button type="button" key=${value} aria-pressed=${wish.part === value} onClick=${() => change({ part: value })}>${label}</button>`)}</div></div>
    <div class="two">
      <div class="f"><label for="with">${t("With")}</label><select id="with" value=${wish.staff} onChange=${choice("staff")}><option value="">${t("Theirs first")}</option>${therapists.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}</select></div>
      <div class="f"><label for="in">${t("Room")}</label><select id="in" value=${wish.room} onChange=${choice("room")}><option value="">${t("Any free")}</option>${[...names.rooms.values()].filter((room) => room.is_active).map((room) => html`<option key=${room.id} value=${room.id}>${room.name}</option>`)}</select></div>
    </div>`;
}
