// /desk/absences: who is away and which rooms are closed; marking somebody away, with all that this breaks and how it is mended.
import { Icon, html, useState } from "../../core/h.js";
import { many, t } from "../../core/i18n.js";
import { useKeys } from "../../core/keys.js";
import { lazy } from "../../core/lazy.js";
import { place } from "../../core/me.js";
import { useStore } from "../../core/store.js";
import { dayIn, dayShort } from "../../core/time.js";
import { begin, Frame } from "../../frame/frame.js";
import { useNow } from "../../frame/net.js";
import { useNames } from "../known.js";
import { useAddress } from "../parts/address.js";
import { Chosen, due, Row, Stand, useRows, when, whenTo } from "../parts/pane.js";
import { discreet, shownName, switchNames } from "../parts/privacy.js";
import { kindName } from "../words.js";
import { useTimesOff } from "./known.js";
import { Mark } from "./mark.js";
import { Off } from "./off.js";

const CancelOff = lazy(() => import("./off.js"), "CancelOff");

function Away() {
  const here = useStore(place);
  useStore(discreet);
  const [at, zone] = [useNow(30000), here.time_zone];
  const names = useNames(here.id);
  const off = useTimesOff(here, at);
  const [said, go] = useAddress();
  const [cancelling, cancel] = useState(null);
  const [kept, keep] = useState(null);
  const rows = off.rows ?? [];
  const chosen = rows.find((row) => row.id === said.off) ?? null;
  const mark = () => (keep(null), go({ off: null }));
  useRows(rows.map((row) => row.id), chosen?.id, (id) => go({ off: id }));
  useKeys({ n: mark, v: switchNames });
  const done = (row) => (keep(row), off.again());
  const right = chosen
    ? html`<${Off} key=${chosen.id} row=${chosen} names=${names} zone=${zone} onCancel=${() => cancel(chosen)} />`
    : kept
      ? html`<${Kept} row=${kept} names=${names} zone=${zone} onMore=${mark} />`
      : html`<${Mark} names=${names} here=${here} at=${at} onDone=${done} />`;
  return html`<${Frame} current="away" keys=${[["↑ ↓", t("Row before, row after")], ["n", t("Somebody will be away")], ["v", t("Names as initials")]]}>
    <div class="wk">
      <section class="wq" aria-labelledby="away">
        <div class="sec-h"><h2 id="away">${t("Away")} <span class="faint">${rows.length || ""}</span></h2>
          <button type="button" class="b s" aria-pressed=${!chosen} onClick=${mark}><${Icon} name="plus" />${t("Somebody will be away")} <kbd>n</kbd></button></div>
        <${Stand} poll=${{ data: off.rows, problem: off.problem, again: off.again }} />
        ${off.rows && !rows.length && html`<p class="quiet pad">${t("Nobody is away, and nobody will be.")}</p>`}
        <ul class="il">${rows.map((row) => html`<li key=${row.id}><${Row} id=${row.id} current=${row.id === chosen?.id} name=${names.staff.get(row.user)?.name ?? "…"}
          age=${Date.parse(row.starts_at) > at ? due(row.starts_at, at) : t("away now")} text=${`${when(row.starts_at, zone)} – ${when(row.ends_at, zone)}`} onChoose=${() => go({ off: row.id })} /></li>`)}</ul>
        <${Closures} names=${names} here=${here} at=${at} />
      </section>
      <div class="wr">${right}</div>
    </div>
    ${cancelling && html`<${CancelOff} row=${cancelling} names=${names} onClose=${() => cancel(null)} onDone=${() => (cancel(null), go({ off: null }), off.again())} />`}
  <//>`;
}

/** It is kept: what became of the sessions, and where the calls that follow from it stand. */
function Kept({ row, names, zone, onMore }) {
  const gone = row.sessions.filter((one) => one.status === "cancelled").length;
  const moved = row.sessions.length - gone;
  const foot = html`<a class="b go" href="/desk/worklist"><${Icon} name="list" />${t("To do")}</a><button type="button" class="b" onClick=${onMore}>${t("Somebody else")}</button>`;
  return html`<${Chosen} title=${t("{name} is away", { name: names.staff.get(row.user)?.name ?? "" })} foot=${foot}>
    <p class="what" role="status">${when(row.starts_at, zone)} – ${when(row.ends_at, zone)}</p>
    <p>${many(moved, "{n} session was moved or has somebody else now.", "{n} sessions were moved or have somebody else now.")} ${many(gone, "{n} was cancelled.", "{n} were cancelled.")}</p>
    ${row.sessions.length > 0 && html`<p class="note"><${Icon} name="phone" /><span>${t("Call these clients. Only those who had confirmed, or were reminded, stand on the list of what is to be done too.")}</span></p>
      <ul class="stack">${row.sessions.map((one) => html`<li key=${one.id}><${Call} session=${one} zone=${zone} /></li>`)}</ul>`}
    ${row.obligations.length > 0 && html`<p class="note med"><${Icon} name="leaf" /><span>${many(row.obligations.length, "{n} integration is owed again.", "{n} integrations are owed again.")}</span></p>`}
  <//>`;
}

/** Where a session is now, and the number of whoever knows it elsewhere. */
function Call({ session, zone }) {
  const now = session.status === "cancelled" ? t("Cancelled") : whenTo(session, zone);
  return html`<b>${shownName(session.client_name)}</b> · ${kindName(session.kind)} · ${now} <a class="nowrap" href=${`tel:${session.client_phone}`}>${session.client_phone}</a>`;
}

/** Rooms and days that are closed. The administrator closes them; what that leaves behind is on the worklist. */
function Closures({ names, here, at }) {
  const today = dayIn(at, here.time_zone);
  const rooms = [...names.rooms.values()].filter((room) => !room.is_active);
  const days = (here.closed_dates ?? []).map((one) => one.date ?? one).filter((day) => day >= today).sort();
  if (!rooms.length && !days.length) return null;
  return html`<h3>${t("Closed")}</h3>
    <ul class="pad stack small">
      ${rooms.map((room) => html`<li key=${room.id}><${Icon} name="door" /> ${t("{room}: closed", { room: room.name })}</li>`)}
      ${days.map((day) => html`<li key=${day}><${Icon} name="cal" /> ${t("{day}: the clinic is closed", { day: dayShort(day) })}</li>`)}
    </ul>
    <p class="pad small"><a href="/desk/worklist">${t("Sessions that lost their room stand on the list of what is to be done")}</a></p>`;
}

begin(() => html`<${Away} />`);
