// The chosen session: where the client is, what stands in the way in plain words, and the moves that are allowed.
import { call, get, newKey } from "../core/api.js";
import { announce } from "../core/announce.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { gateName, t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { place } from "../core/me.js";
import { clock, now } from "../core/time.js";
import { shownName } from "./parts/privacy.js";
import { refusal } from "./said.js";
import { COLUMNS, columnName, firstNames, GONE, moveName, sessionName, THERE } from "./words.js";

const Owes = lazy(() => import("./pay.js"), "Owes");
const STEPS = ["booked", "arrived", "roomed", "in_session", "recovery", "ready"];
// A stage that the desk may set next, by the column that somebody stands in.
const NEXT = { arrived: "roomed", recovery: "ready", ready: "checked_out" };
const NEXT_WORDS = { roomed: () => t("Room"), ready: () => t("Ready to leave"), checked_out: () => t("Has left") };
const UNDO = { arrived: "check_in", no_show: "no_show" };

/** @param {{row: object, names: object, zone: string, at: number, turn: any, open: (dialog: object) => void, onDone: () => void, onClose: () => void}} props */
export function Pick({ row, names, zone, at, turn, open, onDone, onClose }) {
  const [state, set] = useState({ busy: "", problem: null });
  const ready = useReadiness(row);
  useEffect(() => set({ busy: "", problem: null }), [row.id]);

  async function act(name, path, body) {
    if (state.busy) return;
    set({ busy: name, problem: null });
    try {
      await call("POST", `sessions/${row.id}/${path}/`, { body, key: newKey() });
      announce(t("{name}: done", { name }));
      set({ busy: "", problem: null });
      onDone();
    } catch (problem) {
      set({ busy: "", problem });
    }
  }

  const may = (move) => row.allowed_moves.includes(move);
  const checkIn = () => may("check_in") && act(moveName("check_in"), "check-in", {});
  const next = NEXT[row.column];
  const stage = () => next && act(NEXT_WORDS[next](), "stage", { stage: next });
  useKeys({
    c: checkIn,
    r: stage,
    m: () => may("reschedule") && open({ kind: "move", row }),
    x: () => may("cancel") && open({ kind: "cancel", row }),
    Escape: onClose,
  });
  return html`<section class="pick" aria-labelledby="picked">
    <div class="row">
      <i class="kdot k-${row.kind}"></i><h2 class="grow" id="picked">${shownName(row.client_name)}</h2><span class="faint small">${row.client_mrn}</span>
      <button type="button" class="b bare s" aria-label=${t("Close")} onClick=${onClose}><${Icon} name="x" /></button>
    </div>
    <p class="small quiet">
      ${sessionName(row)} · ${clock(row.starts_at, zone)}–${clock(row.ends_at, zone)} · ${names.rooms.get(row.room)?.name ?? t("Video")} · ${firstNames(row, names.staff)}
      <${Phone} row=${row} />
    </p>
    <${Steps} column=${row.column} />
    <${Gates} ready=${ready} row=${row} open=${open} />
    <${Home} row=${row} open=${open} />
    ${place.get().desk_takes_payments && html`<${Owes} key=${row.client} row=${row} turn=${turn} open=${open} onClose=${onClose} />`}
    ${state.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${refusal(state.problem, zone)}</span></p>`}
    <div class="row wrap">
      ${may("check_in") && html`<button type="button" class="b s go" onClick=${checkIn}>${state.busy === moveName("check_in") ? t("Saving…") : t("Check in")} <kbd>c</kbd></button>`}
      ${next && html`<button type="button" class="b s go" onClick=${stage}>${state.busy === NEXT_WORDS[next]() ? t("Saving…") : NEXT_WORDS[next]()} <kbd>r</kbd></button>`}
      ${may("reschedule") && html`<button type="button" class="b s" onClick=${() => open({ kind: "move", row })}><${Icon} name="move" />${t("Move")} <kbd>m</kbd></button>`}
      <a class="b s" href=${`/programs/${row.program}/plan`}><${Icon} name="cal" />${t("Course plan")}</a>
      ${row.column === "booked" && !row.client_confirmed_at && html`<button type="button" class="b s" onClick=${() => confirmed(row, set, onDone)}>${t("Client confirmed")}</button>`}
      ${may("cancel") && html`<button type="button" class="b s" onClick=${() => open({ kind: "cancel", row })}>${t("Cancel…")} <kbd>x</kbd></button>`}
      ${may("no_show") && Date.parse(row.starts_at) <= at && html`<button type="button" class="b s" onClick=${() => open({ kind: "no_show", row })}>${t("No-show…")}</button>`}
      ${GONE.includes(row.column) && html`<button type="button" class="b s" onClick=${() => open({ kind: "book", start: { client: { id: row.client, name: row.client_name, mrn: row.client_mrn }, program: row.program, kind: row.kind } })}>${t("Book another time")}</button>`}
      ${UNDO[row.column] && html`<button type="button" class="b s" onClick=${() => open({ kind: "undo", row, move: UNDO[row.column] })}>${t("Take back: {what}", { what: columnName(row.column) })}</button>`}
    </div>
  </section>`;
}

/** Said by the client, by phone: with the version that is on the screen. */
async function confirmed(row, set, onDone) {
  try {
    const fresh = await call("GET", `sessions/${row.id}/`);
    await call("PATCH", `sessions/${row.id}/`, { body: { client_confirmed_at: new Date(now()).toISOString() }, match: fresh.tag });
    onDone();
  } catch (problem) {
    set({ busy: "", problem });
  }
}

function Phone({ row }) {
  const [phone, set] = useState("");
  useEffect(() => {
    let over = false;
    set("");
    get(`clients/${row.client}/`)
      .then((client) => !over && set(client.phone))
      .catch(() => {}); // the number is a help, and the row stands without it
    return () => {
      over = true;
    };
  }, [row.client]);
  return phone && html` · <a class="nowrap" href=${`tel:${phone}`}>${phone}</a>`;
}

function Steps({ column }) {
  if (!STEPS.includes(column)) return html`<p><span class="chip"><${Icon} name=${COLUMNS[column]?.[0] ?? "x"} />${columnName(column)}</span></p>`;
  return html`<ol class="step">
    ${STEPS.map((step) => html`<li key=${step} class=${step === column ? "cur" : ""} aria-current=${step === column ? "step" : undefined}><${Icon} name=${COLUMNS[step][0]} /><span>${columnName(step)}</span></li>`)}
  </ol>`;
}

function useReadiness(row) {
  const [ready, set] = useState(null);
  useEffect(() => {
    let over = false;
    set(null);
    if (!["booked", "arrived", "roomed"].includes(row.column)) return undefined;
    get(`sessions/${row.id}/readiness/`)
      .then((found) => !over && set(found))
      .catch(() => {});
    return () => {
      over = true;
    };
  }, [row.id, row.version, row.column]);
  return ready;
}

/** Who takes the client home, to be called; another one may come. */
function Home({ row, open }) {
  if (!row.escort || !["booked", ...THERE].includes(row.column)) return null;
  return html`<p class="row small"><${Icon} name="car" /><span class="grow">${row.escort.name} · <a class="nowrap" href=${`tel:${row.escort.phone}`}>${row.escort.phone}</a></span>
    <button type="button" class="b bare s" onClick=${() => open({ kind: "ride", row })}>${t("Change ride")}</button></p>`;
}

function Gates({ ready, row, open }) {
  if (!ready) return null;
  return html`<ul class="gates">
    ${ready.gates.map((gate) => {
      const ok = gate.state !== "open";
      return html`<li key=${gate.code}>
        <${Icon} name=${ok ? "ok" : "x"} /><span class="grow ${ok ? "quiet" : ""}">${ok ? gateName(gate) : html`<b>${gateName(gate)}</b>`}</span>
        ${!ok && gate.code === "escort" && html`<button type="button" class="b bare s" onClick=${() => open({ kind: "ride", row })}>${t("Add ride")}</button>`}
      </li>`;
    })}
  </ul>`;
}
