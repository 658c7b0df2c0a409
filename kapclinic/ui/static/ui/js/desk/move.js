// Moving a session: another day, time or room, with what that moves, breaks and warns of before it is done.
import { call } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, dayIn, dayShort, instant } from "../core/time.js";
import { useIntentKey } from "../core/intent.js";
import { Refused } from "./refused.js";
import { Seats } from "./seats.js";

const LOUD = { breaks: "high", warns: "med", moves: "" };
const PAUSE = 300;
const LOOKING = "Looking at what it would do"; // a preview wants a reason as well, and keeps none

/** @param {{row: object, names: object, zone: string, to?: {day: string, time: string, room?: string, staff?: object[]}, onDone: () => void, onClose: () => void}} props */
export function Move({ row, names, zone, to, onDone, onClose }) {
  const [wish, setWish] = useState({ day: to?.day ?? dayIn(row.starts_at, zone), time: to?.time ?? clock(row.starts_at, zone), room: to?.room ?? row.room ?? "", staff: to?.staff ?? row.staff, reason: "" });
  const [state, set] = useState({ preview: null, problem: null, busy: false, mend: true, force: false, now: row });
  const key = useIntentKey();
  const body = bodyOf(row, wish, zone);
  usePreview(row, wish, body, (found) => set((old) => ({ ...old, ...found })));
  const remedies = (state.preview?.effects ?? []).map((effect) => effect.remedy).filter(Boolean);
  const broken = (state.preview?.effects ?? []).some((effect) => effect.severity === "breaks" && !(effect.remedy && state.mend));
  async function save(event) {
    event.preventDefault();
    set({ ...state, busy: true, problem: null });
    try {
      const also = state.mend && remedies.length ? { also: remedies } : {};
      const force = broken && state.force ? { override_reason: body.reason } : {};
      await call("POST", `sessions/${row.id}/reschedule/`, { body: { ...body, ...also, ...force }, key: key([body, also, force, state.now.version]), match: state.now.version && `"${state.now.version}"` });
      onDone();
    } catch (problem) {
      set({ ...state, busy: false, problem, now: problem.status === 412 ? await read(row) : state.now });
    }
  }
  // One of the nearest times is whole: its room and its people come with it.
  const pick = (at, slot) => setWish({ ...wish, day: dayIn(at, zone), time: clock(at, zone), room: slot.room ?? "", staff: sameSeats(slot.staff, row.staff) ? row.staff : slot.staff });
  return html`<${Dialog} title=${t("Move {name}", { name: row.client_name })} onClose=${onClose} wide>
    <form onSubmit=${save}>
      <div class="db">
        <${Place} row=${row} wish=${wish} setWish=${setWish} names=${names} given=${!!to} />
        <${Effects} preview=${state.preview} names=${names} zone=${zone} onPick=${pick} />
        ${remedies.length > 0 && html`<label class="opt"><input type="checkbox" checked=${state.mend} onChange=${(event) => set({ ...state, mend: event.target.checked })} />
          ${t("Move what it breaks as well: {when}", { when: remedies.map((one) => `${dayShort(dayIn(one.starts_at, zone))} ${clock(one.starts_at, zone)}`).join(", ") })}</label>`}
        ${broken && html`<label class="opt"><input type="checkbox" checked=${state.force} onChange=${(event) => set({ ...state, force: event.target.checked })} />${t("Move it all the same, for the reason given above")}</label>`}
        ${state.now !== row && html`<${Meanwhile} now=${state.now} zone=${zone} />`}
        ${state.problem && html`<${Refused} problem=${state.problem} names=${names} zone=${zone} onPick=${pick} />`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Leave it")}</button>
        <button class="b go" disabled=${state.busy || undefined}>${state.busy ? t("Saving…") : t("Move to {when}", { when: `${dayShort(wish.day)} ${wish.time}` })}</button>
      </div>
    </form>
  <//>`;
}

/** The session as it is now; as it was when nobody says. */
function read(row) {
  return call("GET", `sessions/${row.id}/`).then(({ data }) => data, () => row);
}

function Meanwhile({ now, zone }) {
  const when = `${dayShort(dayIn(now.starts_at, zone))} ${clock(now.starts_at, zone)}`;
  const may = now.allowed_moves.includes("reschedule");
  return html`<p class="note med" role="status"><${Icon} name="warn" /><span>${may ? t("It is {when} now. Look again, then move it.", { when }) : t("It can not be moved any more.")}</span></p>`;
}

/** What the move would do, asked a little after the last change. */
function usePreview(row, wish, body, tell) {
  useEffect(() => {
    let over = false; // an answer to an older wish says nothing of this one
    const ask = () => call("POST", `sessions/${row.id}/reschedule/`, { query: { preview: "true" }, body: { ...body, reason: LOOKING } });
    const timer = setTimeout(() => {
      ask().then(
        ({ data }) => over || tell({ preview: data, problem: null }),
        (problem) => over || tell({ preview: null, problem }),
      );
    }, PAUSE);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [wish.day, wish.time, wish.room, wish.staff]);
}

/** Where it goes, with whom and why; `given`: the place was chosen by hand, and the reason is what is left to say. */
function Place({ row, wish, setWish, names, given }) {
  const change = (name) => (event) => setWish({ ...wish, [name]: event.target.value });
  return html`<div class="two">
    <div class="f"><label for="day">${t("Day")}</label><input id="day" type="date" required value=${wish.day} onInput=${change("day")} /></div>
    <div class="f"><label for="time">${t("Start")}</label><input id="time" type="time" step="300" required value=${wish.time} onInput=${change("time")} /></div>
    <div class="f"><label for="room">${t("Room")}</label>
      <select id="room" value=${wish.room} onChange=${change("room")}>
        ${row.modality === "video" && html`<option value="">${t("Video")}</option>`}
        ${[...names.rooms.values()].filter((room) => room.is_active && room.kinds.includes(row.kind)).map((room) => html`<option key=${room.id} value=${room.id}>${room.name}</option>`)}
      </select></div>
    <${Seats} seats=${wish.staff} names=${names} change=${(staff) => setWish({ ...wish, staff })} />
    <div class="f"><label for="why">${t("Why?")}</label><input id="why" required autofocus=${given} autocomplete="off" value=${wish.reason} onInput=${change("reason")} /></div>
  </div>`;
}

function sameSeats(one, other) {
  const said = (rows) => rows.map(({ user, role }) => `${user} ${role}`).sort().join();
  return said(one) === said(other);
}

function bodyOf(row, wish, zone) {
  const start = instant(wish.day, wish.time || "00:00", zone);
  const lasts = Date.parse(row.ends_at) - Date.parse(row.starts_at);
  return {
    starts_at: new Date(start).toISOString(),
    ends_at: new Date(start + lasts).toISOString(),
    ...(wish.room ? { room: wish.room } : {}),
    ...(wish.staff === row.staff ? {} : { staff: wish.staff.map(({ user, role }) => ({ user, role })) }),
    reason: wish.reason.trim(),
  };
}

function Effects({ preview, names, zone, onPick }) {
  if (!preview) return null;
  if (!preview.possible) return html`<${Refused} refusal=${preview.refusal ?? {}} names=${names} zone=${zone} onPick=${onPick} />`;
  if (!preview.effects.length) return html`<p class="note" role="status"><${Icon} name="ok" />${t("It fits, and moves nothing else.")}</p>`;
  return html`<div role="status"><ul class="stack">
    ${preview.effects.map((effect, i) => html`<li key=${i} class="note ${LOUD[effect.severity]}"><${Icon} name=${effect.severity === "breaks" ? "stop" : effect.severity === "warns" ? "warn" : "arrow"} />
      <span>${effect.detail}${effect.remedy && html` <b>${t("Free: {when}", { when: `${dayShort(dayIn(effect.remedy.starts_at, zone))} ${clock(effect.remedy.starts_at, zone)}` })}</b>`}</span></li>`)}
  </ul></div>`;
}
