// One account: who it is, when they work, when they are away, and what was changed.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { has, me, roleName } from "../core/me.js";
import { words } from "../core/problem.js";
import { now } from "../core/time.js";
import { Chosen } from "../desk/parts/pane.js";
import { Away, useAway } from "./away.js";
import { Changes } from "./changes.js";
import { useOne } from "./known.js";
import { overOf } from "./pairs.js";
import { CLINICAL, fieldName, lacks, leftBehind, weekLines, yesNo } from "./words.js";

const ResetForm = lazy(() => import("./askform.js"), "ResetForm");
const OpeningForm = lazy(() => import("./askform.js"), "OpeningForm");
const Active = lazy(() => import("./active.js"), "ActivePerson");
const AwayForm = lazy(() => import("./awayform.js"), "AwayForm");
const BackForm = lazy(() => import("./awayform.js"), "BackForm");
const GiveForm = lazy(() => import("./give.js"), "GiveForm");
const HoursForm = lazy(() => import("./hours.js"), "HoursForm");
const PasswordForm = lazy(() => import("./password.js"), "PasswordForm");
const PersonForm = lazy(() => import("./personform.js"), "PersonForm");

/** @param {{row: any, data: any, zone: string, manages: boolean, again: () => void, go: (change: object) => void, tell: (words: string) => void}} props */
export function Person({ row, data, zone, manages, again, go, tell }) {
  const [dialog, open] = useState(null);
  const [turn, turnOver] = useState(0);
  const hours = useOne(`staff/${row.id}/working-hours/`, {}, turn);
  const away = useAway(row.id, turn);
  const close = () => {
    if (dialog?.kind === "hours") turnOver((n) => n + 1); // what somebody else wrote meanwhile is there the next time
    open(null);
  };
  const done = (answer) => {
    close();
    turnOver((n) => n + 1);
    tell(leftBehind(answer));
    again();
  };
  const asked = (answer) => {
    close();
    tell("");
    again();
    go({ tab: "asked", row: answer.id });
  };
  const myself = row.id === me.get().id;
  useKeys(manages ? { e: () => open({ kind: "change" }), h: () => hours.data && open({ kind: "hours" }) } : {});
  const aside = row.is_active ? null : html`<span class="chip"><${Icon} name="lock" />${t("Closed")}</span>`;
  const foot = manages && html`<button type="button" class="b go" onClick=${() => open({ kind: "change" })}><${Icon} name="pen" />${t("Change…")} <kbd>e</kbd></button>
    ${row.is_active && (myself ? html`<a class="b" href="/password">${t("New password…")}</a>` : html`<button type="button" class="b" onClick=${() => open({ kind: "password" })}><${Icon} name="lock" />${t("New password…")}</button>`)}
    <button type="button" class="b" onClick=${() => open({ kind: "active" })}>${row.is_active ? t("Close the account…") : t("Open it again…")}</button>`;
  const gives = has("medical_director") && !myself && row.is_active && row.roles.includes("admin") && CLINICAL.some((role) => !row.roles.includes(role));
  const give = gives && html`<button type="button" class=${manages ? "b" : "b go"} onClick=${() => open({ kind: "give" })}><${Icon} name="plus" />${t("Give a clinical role…")}</button>`;
  return html`<${Chosen} title=${row.name} aside=${aside} foot=${(manages || gives) && html`${foot}${give}`}>
    ${lacks(row) && html`<p class="note med"><${Icon} name="warn" /><span>${t("What is missing: {what}", { what: lacks(row) })}</span></p>`}
    <${Facts} row=${row} names=${data.names} />
    <div class="ph"><h2>${t("Working hours")}</h2>${manages && row.is_active && html`<button type="button" class="b s" disabled=${hours.data ? undefined : true} onClick=${() => open({ kind: "hours" })}>${t("Change the hours…")} <kbd>h</kbd></button>`}</div>
    ${hours.problem && html`<p class="note med" role="status">${words(hours.problem)}</p>`}
    ${hours.data && html`<${Hours} rows=${hours.data} names=${data.names} />`}
    <div class="ph"><h2>${t("Time off")}</h2>${manages && row.is_active && html`<button type="button" class="b s" onClick=${() => open({ kind: "away" })}>${t("Will be away…")}</button>`}</div>
    <${Away} away=${away} zone=${zone} onCancel=${manages && ((off) => open({ kind: "back", off }))} />
    ${!myself && html`<${WayIn} row=${row} asked=${data.asked} open=${open} />`}
    <${Changes} type="staff" id=${row.id} turn=${row.version} names=${data.names} zone=${zone} />
    <${Dialogs} dialog=${dialog} row=${row} hours=${hours} data=${data} zone=${zone} onDone=${done} onAsked=${asked} onClose=${close} />
  <//>`;
}

/** What one person alone does not do: each asks for it here, and another one approves. */
function WayIn({ row, asked, open }) {
  const waiting = asked.filter((one) => one.user === row.id && one.state === "asked" && !overOf(one, now()));
  const free = (kind) => !waiting.some((one) => one.kind === kind);
  if (!row.is_active) return null;
  return html`<div class="ph"><h2>${t("When they can't get in")}</h2>${free("reset") && html`<button type="button" class="b s" onClick=${() => open({ kind: "reset" })}>${t("Reset the second factor…")}</button>`}
    ${row.roles.includes("therapist") && free("opening") && html`<button type="button" class="b s" onClick=${() => open({ kind: "opening" })}>${t("Open sealed private notes…")}</button>`}</div>
    ${waiting.map((one) => html`<p key=${one.id} class="note med"><${Icon} name="wait" /><a href=${`/people?tab=asked&row=${one.id}`}>${one.kind === "reset" ? t("Second factor") : t("Private notes")}: ${t("Waits for a second person")}</a></p>`)}
    <p class="small quiet">${t("Either takes a second person.")}</p>`;
}

function Dialogs({ dialog, row, hours, data, zone, onDone, onAsked, onClose }) {
  const common = { row, zone, onDone, onClose };
  if (!dialog) return null;
  if (dialog.kind === "change") return html`<${PersonForm} ...${common} places=${data.places} names=${data.names} />`;
  if (dialog.kind === "reset") return html`<${ResetForm} ...${common} onDone=${onAsked} />`;
  if (dialog.kind === "opening") return html`<${OpeningForm} ...${common} onDone=${onAsked} />`;
  if (dialog.kind === "password") return html`<${PasswordForm} ...${common} />`;
  if (dialog.kind === "give") return html`<${GiveForm} ...${common} />`;
  if (dialog.kind === "hours") return html`<${HoursForm} ...${common} hours=${hours.data} tag=${hours.tag} places=${data.places} />`;
  if (dialog.kind === "away") return html`<${AwayForm} ...${common} />`;
  if (dialog.kind === "back") return html`<${BackForm} ...${common} off=${dialog.off} />`;
  return html`<${Active} ...${common} />`;
}

function Facts({ row, names }) {
  const license = row.license ? `${row.license.number} (${row.license.state})` : "–";
  const fact = (name, value) => html`<dt>${fieldName(name)}</dt><dd>${value}</dd>`;
  return html`<dl class="dl">
    ${fact("email", row.email)}
    ${fact("roles", row.roles.map(roleName).join(", "))}
    ${fact("locations", row.locations.map((id) => names.get(id)).join(", ") || "–")}
    ${row.credentials && fact("credentials", row.credentials)}
    ${fact("license_number", license)}
    ${fact("npi", row.npi || "–")}
    ${row.dea_number && fact("dea_number", row.dea_number)}
    ${fact("kap_trained", yesNo(row.kap_trained))}
    ${row.needs_cosign && fact("needs_cosign", yesNo(true))}
    ${fact("monitor_capacity", row.monitor_capacity)}
    ${row.video_url && fact("video_url", row.video_url)}
  </dl>`;
}

function Hours({ rows, names }) {
  const places = [...new Set(rows.map((row) => row.location))];
  if (!rows.length) return html`<p class="quiet">${t("No hours are written down: nobody can book them.")}</p>`;
  return html`${places.map((place) => html`<dl class="dl wkl" key=${place}>
    ${places.length > 1 && html`<dt><b>${names.get(place)}</b></dt><dd></dd>`}
    ${weekLines(rows.filter((row) => row.location === place)).map(([day, hours]) => html`<dt>${day}</dt><dd>${hours}</dd>`)}
  </dl>`)}`;
}
