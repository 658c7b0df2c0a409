// A new course for a client: protocol, therapist, prescriber and wishes; it ends at the plan of its sessions.
import { all } from "../../core/api.js";
import { Dialog } from "../../core/dialog.js";
import { Icon, html, useEffect, useState } from "../../core/h.js";
import { t } from "../../core/i18n.js";
import { words } from "../../core/problem.js";
import { Faults, Field, wrongOf } from "../parts/fields.js";
import { useWrite } from "../../core/intent.js";
import { Days, Hours, wishesOf } from "../parts/wishes.js";
import { Find } from "../who.js";

const LABELS = () => ({
  client: t("Client"),
  protocol: t("Protocol"),
  therapist: t("Therapist"),
  prescriber: t("Prescriber"),
  location: t("Clinic"),
  accepted_modalities: t("Comes by"),
  preferred_days: t("Days that suit"),
  preferred_hours: t("Hours that suit"),
  continues: t("Course before"),
});

export function NewProgram({ client, here, names, onClose }) {
  const [who, choose] = useState(client ?? null);
  return html`<${Dialog} title=${t("New course")} onClose=${onClose} wide>
    ${who ? html`<${Course} who=${who} here=${here} names=${names} onClose=${onClose} />` : html`<div class="db"><${Find} onPick=${choose} /></div>`}
  <//>`;
}

function Course({ who, here, names, onClose }) {
  const protocols = useProtocols();
  const [chosen, choose] = useState("");
  const [before, follow] = useState(null); // the course that this one follows, once the person has said so
  const opening = useWrite((row) => location.assign(`/programs/${row.id}/plan`));
  const labels = LABELS();
  const wrong = wrongOf(opening.problem);
  const other = opening.problem?.extra?.program ?? null;
  const protocol = protocols.rows?.find((row) => row.id === chosen);
  function open(event) {
    event.preventDefault();
    opening.write("programs/", bodyOf(new FormData(event.target), who, here, before));
  }
  return html`<form onSubmit=${open}>
    <div class="db">
      <p><b>${who.name}</b> <span class="quiet">${who.mrn}</span></p>
      ${protocols.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(protocols.problem)}</span></p>`}
      <${Faults} problem=${opening.problem} labels=${labels} />
      ${(other || before) && html`<label class="opt"><input type="checkbox" checked=${!!before} onChange=${(event) => follow(event.target.checked ? (other ?? before) : null)} />
        ${t("It follows the course that is open: that one is completed with this, and what it owes stays owed.")}</label>`}
      <${Field} name="protocol" label=${labels.protocol} wrong=${wrong} required autofocus value=${chosen} onChange=${(event) => choose(event.target.value)}
        options=${[["", t("Choose")], ...(protocols.rows ?? []).map((row) => [row.id, t("{name}, edition {n}", { name: row.name, n: row.edition })])]}
        hint=${protocol && t("{doses} doses, {preparations} preparations before the first", { doses: protocol.planned_doses, preparations: protocol.min_preparations })} />
      <div class="two">
        <${Field} name="therapist" label=${labels.therapist} wrong=${wrong} required=${protocol?.program_type === "kap"} options=${people(names, "therapist", here)} />
        <${Field} name="prescriber" label=${labels.prescriber} wrong=${wrong} required options=${people(names, "prescriber", here)} />
      </div>
      <${Wishes} wrong=${wrong} />
    </div>
    <div class="df">
      <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
      <button class="b go" disabled=${opening.busy || undefined}>${opening.busy ? t("Saving…") : t("Open the course, then plan it")}</button>
    </div>
  </form>`;
}

/** How and when the client comes: the plan is made after it. */
function Wishes({ wrong }) {
  const labels = LABELS();
  return html`<fieldset class="f"><legend class="label">${labels.accepted_modalities}</legend>
      <div class="row wrap">
        <label class="opt"><input type="checkbox" name="modality" value="in_person" defaultChecked />${t("In person")}</label>
        <label class="opt"><input type="checkbox" name="modality" value="video" />${t("Video")}</label>
      </div></fieldset>
    <${Days} label=${labels.preferred_days} />
    <${Hours} wrong=${wrong} />`;
}

function useProtocols() {
  const [state, set] = useState({ rows: null, problem: null });
  useEffect(() => {
    let over = false;
    all("protocols/", { status: "approved" })
      .then((rows) => !over && set({ rows: newest(rows), problem: null }))
      .catch((problem) => !over && set({ rows: null, problem }));
    return () => {
      over = true;
    };
  }, []);
  return state;
}

/** Of each protocol the last edition: a new course is not opened on an old one. */
function newest(rows) {
  const last = new Map();
  for (const row of rows) if (!(last.get(row.name)?.edition > row.edition)) last.set(row.name, row);
  return [...last.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function people(names, role, here) {
  const rows = [...names.staff.values()].filter((one) => one.is_active && one.roles.includes(role) && one.locations.includes(here.id));
  const choice = rows.map((one) => [one.id, one.name]).sort((a, b) => a[1].localeCompare(b[1]));
  return choice.length === 1 ? choice : [["", t("Choose")], ...choice];
}

/** The body of `POST programs/`. */
function bodyOf(form, who, here, before) {
  return {
    client: who.id,
    protocol: form.get("protocol"),
    location: here.id,
    therapist: form.get("therapist") || null,
    prescriber: form.get("prescriber"),
    accepted_modalities: form.getAll("modality"),
    ...wishesOf(form),
    ...(before ? { continues: before } : {}),
  };
}
