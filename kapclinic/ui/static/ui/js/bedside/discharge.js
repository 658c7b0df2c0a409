// Going home: the criteria, who is here to fetch or stays at home, and the sheet.
import { call, get } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { many, t, told } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { useIntent, useOnce } from "../core/intent.js";
import { isHome } from "./known.js";

const SHEET = (id) => `/api/v1/sessions/${id}/discharge/sheet/`;

function useCriteria(id) {
  const [state, set] = useState({ data: null, problem: null });
  const [turn, again] = useState(0);
  useEffect(() => {
    let over = false;
    const ask = () =>
      get(`sessions/${id}/discharge/`, {}, { poll: true })
        .then((data) => !over && set({ data, problem: null }))
        .catch((problem) => !over && set((old) => ({ ...old, problem })));
    ask();
    const timer = setInterval(ask, 15000);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [id, turn]);
  return { ...state, again: () => again((n) => n + 1) };
}

/** @param {{data: object, onDone: () => void, onClose: () => void}} props */
export function Discharge({ data, onDone, onClose }) {
  const id = data.session.id;
  const found = useCriteria(id);
  const [said, say] = useState({}); // code -> true or false
  const [ride, setRide] = useState({ here: null, concern: false });
  const [state, tell] = useState({ busy: false, problem: null });
  const intent = useIntent([said, ride]);
  const once = useOnce();
  const home = isHome(data.session);
  const rows = found.data?.criteria ?? [];
  const open = rows.filter((row) => stateOf(row, said, ride) !== "met");

  async function save() {
    tell({ busy: true, problem: null });
    const { key, at } = intent.sent();
    try {
      const body = { checklist: said, escort_present: ride.here === true, safety_concern: ride.concern, discharged_at: new Date(at).toISOString() };
      await call("POST", `sessions/${id}/discharge/`, { body, key });
      onDone();
    } catch (problem) {
      if (intent.acted(problem)) return onDone();
      tell({ busy: false, problem });
      found.again();
    }
  }
  return html`<${Dialog} title=${t("Discharge")} onClose=${onClose} wide>
    <form class="dose touch" onSubmit=${(event) => (event.preventDefault(), open.length || once(save))}>
      <p class="sub small quiet">${data.session.client_name} · ${data.banner.mrn} <span class="chip big">${t("{n} of {all}", { n: rows.length - open.length, all: rows.length })}</span></p>
      <div class="dg3">
        <ul class="cr">
          ${found.problem && html`<li class="open"><span class="small">${words(found.problem)}</span></li>`}
          ${rows.map((row) => html`<${Criterion} key=${row.code} row=${row} state=${stateOf(row, said, ride)} answer=${said[row.code]} home=${home} ride=${ride} setRide=${setRide} onSay=${(value) => say({ ...said, [row.code]: value })} />`)}
        </ul>
        <section class="wit">
          <h3>${open.length ? many(open.length, "{n} thing is missing", "{n} things are missing") : t("All is there")}</h3>
          <p class="note med"><${Icon} name="car" /><span>${home ? t("Nobody fetches the client at home: the adult stays. No driving until the time on the sheet: the client says it back to you.") : t("No driving until the time on the sheet: the client says it back to you.")}</span></p>
          <label class="opt"><input type="checkbox" checked=${ride.concern} onChange=${(event) => setRide({ ...ride, concern: event.target.checked })} />${t("Something worries me: the therapist calls within 24 hours")}</label>
          ${state.problem && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
          <button class="b go save2" aria-disabled=${open.length ? "true" : undefined}>${state.busy ? t("Saving…") : open.length ? t("Discharge: {n} missing", { n: open.length }) : t("Discharge")}</button>
        </section>
      </div>
    </form>
  <//>`;
}

function stateOf(row, said, ride) {
  if (row.code === "escort") return ride.here === true ? "met" : ride.here === false ? "not_met" : row.state;
  if (row.computed) return row.state;
  if (said[row.code] === undefined) return row.state;
  return said[row.code] ? "met" : "not_met";
}

const LOOKS = { met: ["pass", "ok"], not_met: ["open", "x"], to_attest: ["ask", "info"] };

/** What is missing. */
function detailOf(row, state) {
  const unasked = state === "to_attest" && row.code !== "escort"; // "not awake" is no fact before somebody has looked
  return state === "met" || unasked ? "" : told(row.detail);
}

function Criterion({ row, state, answer, home, ride, setRide, onSay }) {
  const [look, icon] = LOOKS[state] ?? LOOKS.to_attest;
  const escort = row.code === "escort";
  const asked = escort || !row.computed;
  const value = escort ? ride.here : answer;
  const choose = (next) => (escort ? setRide({ ...ride, here: next }) : onSay(next));
  return html`<li class=${look}>
    <span class="ci"><${Icon} name=${icon} /></span>
    <span class="grow"><b id=${`c-${row.code}`}>${home && escort ? t("The adult stays with the client") : told(row.label)}</b><br /><span class="small">${detailOf(row, state)}</span></span>
    ${asked
      ? html`<span class="seg" role="group" aria-labelledby=${`c-${row.code}`}>
          <button type="button" aria-pressed=${value === true} onClick=${() => choose(true)}>${t("Yes")}</button>
          <button type="button" aria-pressed=${value === false} onClick=${() => choose(false)}>${t("No")}</button>
        </span>`
      : html`<span class="small faint">${t("from the record")}</span>`}
  </li>`;
}

/** After it: the sheet, to be printed and given along. */
export function Left({ id, home, onClose }) {
  return html`<${Dialog} title=${home ? t("The session at home is over") : t("The client may leave")} onClose=${onClose}>
    <div class="db touch">
      <p>${home ? t("Go through the sheet together on video before you switch it off, and send it to them.") : t("Print the sheet, go through it together, and give it along.")}</p>
      <a class="b go big" href=${SHEET(id)} target="_blank" rel="noopener"><${Icon} name="print" />${t("Open the sheet")}</a>
    </div>
  <//>`;
}
