// Moving a session: another day, time or room, with what that moves, breaks and warns of before it is done.
import { call, newKey } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useMemo, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { clock, dayIn, dayShort, instant } from "../core/time.js";

const LOUD = { breaks: "high", warns: "med", moves: "" };
const PAUSE = 300;
const LOOKING = "Looking at what it would do"; // a preview wants a reason as well, and keeps none

/** @param {{row: object, names: object, zone: string, to?: {day: string, time: string, room?: string}, onDone: () => void, onClose: () => void}} props */
export function Move({ row, names, zone, to, onDone, onClose }) {
  const [wish, setWish] = useState({ day: to?.day ?? dayIn(row.starts_at, zone), time: to?.time ?? clock(row.starts_at, zone), room: to?.room ?? row.room ?? "", reason: "" });
  const [state, set] = useState({ preview: null, problem: null, busy: false, mend: true });
  const key = useMemo(newKey, [wish.day, wish.time, wish.room, wish.reason]);
  const body = bodyOf(row, wish, zone);
  useEffect(() => {
    const timer = setTimeout(async () => {
      try {
        const { data } = await call("POST", `sessions/${row.id}/reschedule/`, { query: { preview: "true" }, body: { ...body, reason: LOOKING } });
        set((old) => ({ ...old, preview: data, problem: null }));
      } catch (problem) {
        set((old) => ({ ...old, preview: null, problem }));
      }
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [wish.day, wish.time, wish.room]);
  const remedies = (state.preview?.effects ?? []).map((effect) => effect.remedy).filter(Boolean);
  async function save(event) {
    event.preventDefault();
    set({ ...state, busy: true, problem: null });
    try {
      const also = state.mend && remedies.length ? { also: remedies } : {};
      await call("POST", `sessions/${row.id}/reschedule/`, { body: { ...body, ...also }, key });
      onDone();
    } catch (problem) {
      set({ ...state, busy: false, problem });
    }
  }
  const change = (name) => (event) => setWish({ ...wish, [name]: event.target.value });
  return html`<${Dialog} title=${t("Move {name}", { name: row.client_name })} onClose=${onClose} wide>
    <form onSubmit=${save}>
      <div class="db">
        <div class="two">
          <div class="f"><label for="day">${t("Day")}</label><input id="day" type="date" required value=${wish.day} onInput=${change("day")} /></div>
          <div class="f"><label for="time">${t("Start")}</label><input id="time" type="time" step="300" required value=${wish.time} onInput=${change("time")} /></div>
          <div class="f"><label for="room">${t("Room")}</label>
            <select id="room" value=${wish.room} onChange=${change("room")}>
              ${row.modality === "video" && html`<option value="">${t("Video")}</option>`}
              ${[...names.rooms.values()].filter((room) => room.is_active && room.kinds.includes(row.kind)).map((room) => html`<option key=${room.id} value=${room.id}>${room.name}</option>`)}
            </select></div>
          <div class="f"><label for="why">${t("Why?")}</label><input id="why" required autocomplete="off" value=${wish.reason} onInput=${change("reason")} /></div>
        </div>
        <${Effects} preview=${state.preview} zone=${zone} />
        ${remedies.length > 0 && html`<label class="opt"><input type="checkbox" checked=${state.mend} onChange=${(event) => set({ ...state, mend: event.target.checked })} />
          ${t("Move what it breaks as well: {when}", { when: remedies.map((one) => `${dayShort(dayIn(one.starts_at, zone))} ${clock(one.starts_at, zone)}`).join(", ") })}</label>`}
        ${state.problem && html`<${Refused} problem=${state.problem} zone=${zone} onPick=${(at) => setWish({ ...wish, day: dayIn(at, zone), time: clock(at, zone) })} />`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Leave it")}</button>
        <button class="b go" disabled=${state.busy || undefined}>${state.busy ? t("Saving…") : t("Move to {when}", { when: `${dayShort(wish.day)} ${wish.time}` })}</button>
      </div>
    </form>
  <//>`;
}

function bodyOf(row, wish, zone) {
  const start = instant(wish.day, wish.time || "00:00", zone);
  const lasts = Date.parse(row.ends_at) - Date.parse(row.starts_at);
  return {
    starts_at: new Date(start).toISOString(),
    ends_at: new Date(start + lasts).toISOString(),
    ...(wish.room ? { room: wish.room } : {}),
    reason: wish.reason.trim(),
  };
}

function Effects({ preview, zone }) {
  if (!preview) return null;
  if (!preview.possible) return html`<p class="note high" role="status"><${Icon} name="stop" /><span>${preview.refusal?.detail ?? t("This does not fit.")}</span></p>`;
  if (!preview.effects.length) return html`<p class="note" role="status"><${Icon} name="ok" />${t("It fits, and moves nothing else.")}</p>`;
  return html`<div role="status"><ul class="stack">
    ${preview.effects.map((effect, i) => html`<li key=${i} class="note ${LOUD[effect.severity]}"><${Icon} name=${effect.severity === "breaks" ? "stop" : effect.severity === "warns" ? "warn" : "arrow"} />
      <span>${effect.detail}${effect.remedy && html` <b>${t("Free: {when}", { when: `${dayShort(dayIn(effect.remedy.starts_at, zone))} ${clock(effect.remedy.starts_at, zone)}` })}</b>`}</span></li>`)}
  </ul></div>`;
}

/** A refusal, with the nearest times that fit where the server names them. */
export function Refused({ problem, zone, onPick }) {
  const nearest = problem.extra?.nearest ?? [];
  return html`<div class="note high" role="alert">
    <${Icon} name="stop" />
    <span>${words(problem)}
      ${nearest.length > 0 && html`<span class="row wrap"> ${t("Nearest that fit:")}
        ${nearest.map((one) => html`<button type="button" class="b s" key=${one.starts_at} onClick=${() => onPick(one.starts_at, one)}>${dayShort(dayIn(one.starts_at, zone))} ${clock(one.starts_at, zone)}</button>`)}</span>`}
    </span>
  </div>`;
}
