// What still stands between the client and the dose, gate by gate, with who can clear each.
import { get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { gateName, many, t } from "../core/i18n.js";
import { roleName } from "../core/me.js";
import { words } from "../core/problem.js";
import { clock } from "../core/time.js";
import { Clear } from "./clear.js";

/** {ready, gates, advice} of a session, asked anew by `again`. */
export function useReadiness(session) {
  const [state, set] = useState({ data: null, problem: null });
  const [turn, again] = useState(0);
  useEffect(() => {
    let over = false;
    get(`sessions/${session}/readiness/`)
      .then((data) => !over && set({ data, problem: null }))
      .catch((problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [session, turn]);
  return { ...state, again: () => again((n) => n + 1) };
}

/** What the server says of a gate, without the name that a program would send; at home with where it is written down. */
function saidOf(gate) {
  const plain = gate.detail.replace(/, then attest `\w+`/, "");
  return gate.code.startsWith("home_") ? `${plain} ${t("It is written down under “Place and help”.")}` : plain;
}

/** @param {{ready: any, session: any, zone: string, onCleared: () => void}} props */
export function Gates({ ready, session, zone, onCleared }) {
  if (ready.problem) return html`<p class="note high" role="alert">${words(ready.problem)}</p>`;
  if (!ready.data) return html`<p class="quiet">${t("Asking the record…")}</p>`;
  const open = ready.data.gates.filter((gate) => gate.state === "open");
  const passed = ready.data.gates.length - open.length;
  return html`<div class="stack">
    ${open.length > 0 && html`<h3>${many(open.length, "{n} thing is missing", "{n} things are missing")}</h3>`}
    <ul class="chk2">
      ${open.map((gate) => html`<li key=${gate.code} class="no"><${Icon} name="x" /><span><b>${gateName(gate)}</b> ${saidOf(gate)}
        <span class="quiet small"> · ${t("by {who}", { who: gate.who_can_clear.map(roleName).join(", ") })}</span>
        <${Clear} gate=${gate} session=${session} zone=${zone} onDone=${onCleared} /></span></li>`)}
      <li><${Icon} name="ok" />${many(passed, "{n} gate passes", "{n} gates pass")}</li>
      ${ready.data.gates.filter((gate) => gate.override).map((gate) => html`<li key=${`o${gate.code}`}><${Icon} name="info" /><span>${t("Decided otherwise: {gate}. {reason} ({role}, {time})", { gate: gateName(gate), reason: gate.override.reason, role: roleName(gate.override.role), time: clock(gate.override.at, zone) })}</span></li>`)}
      ${(ready.data.advice ?? []).filter((one) => one.state === "open").map((one) => html`<li key=${`a${one.code}`}><${Icon} name="warn" />${gateName(one)}</li>`)}
    </ul>
  </div>`;
}
