// What the director does here: approve a protocol, and say that an override was read.
import { Dialog } from "../core/dialog.js";
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { useOne } from "../lists/list.js";
import { roleName } from "../core/me.js";
import { words } from "../core/problem.js";
import { when } from "./words.js";

/** @param {{write: any, verb: string, go: () => void, onClose: () => void}} props */
function Foot({ write, verb, go, onClose }) {
  return html`<div class="df"><button type="button" class="b" onClick=${onClose}>${t("Not now")}</button><button type="button" class="b go" disabled=${write.busy || undefined} onClick=${go}>${write.busy ? t("Saving…") : verb}</button></div>`;
}

function Refused({ write }) {
  return write.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(write.problem)}</span></p>`;
}

/** @param {{id: string, zone: string, onDone: () => void, onClose: () => void}} props */
export function Override({ id, zone, onDone, onClose }) {
  const found = useOne(`overrides/${id}/`, {}, 0);
  const write = useWrite(onDone);
  const row = found.data;
  return html`<${Dialog} title=${t("A gate that was overridden")} onClose=${onClose}><div class="db">
      ${found.problem && html`<p class="note high" role="alert">${words(found.problem)}</p>`}
      ${row && html`<p><b>${row.gate_label}</b></p><dl class="dl"><dt>${t("Client")}</dt><dd><a href=${`/clients/${row.client}`}>${row.client_name}</a></dd><dt>${t("When")}</dt><dd>${when(row.created_at, zone)}</dd><dt>${t("By")}</dt><dd>${roleName(row.role)}</dd><dt>${t("Reason")}</dt><dd>${row.reason}</dd></dl>
        ${row.read && html`<p class="note"><${Icon} name="ok" />${t("Read {time}", { time: when(row.read.at, zone) })}</p>`}`}
      <${Refused} write=${write} />
    </div>${row && !row.read && html`<${Foot} write=${write} verb=${t("I have read it")} go=${() => write.write(`overrides/${id}/read/`, {})} onClose=${onClose} />`}
  <//>`;
}

/** @param {{row: Api["ProtocolOut"], onDone: () => void, onClose: () => void}} props */
export function Approve({ row, onDone, onClose }) {
  const write = useWrite(onDone);
  const facts = [
    [t("Planned doses"), row.planned_doses],
    [t("Least gap between doses"), t("{n} h", { n: row.min_gap_hours })],
    [t("Preparations before the first dose"), row.min_preparations],
    [t("Least stay after the dose"), t("{n} min", { n: row.min_stay_min })],
    [t("Checks after the dose, minutes"), [row.checks_min].flat().join(", ")],
    [t("Doses at home"), row.home_dosing ? t("yes") : t("no")],
  ];
  return html`<${Dialog} title=${t("{name}, edition {n}", { name: row.name, n: row.edition })} onClose=${onClose} wide><div class="db">
      <p>${t("Once it is approved it binds the courses that are opened on it, and never changes: a change is a new edition.")}</p>
      <dl class="dl">${facts.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}</dl>
      ${["dose", "integration", "fasting_hours", "bands", "limits", "gates"].map((name) => html`<details key=${name}><summary>${PARTS[name]()}</summary><${Tree} value=${row[name]} /></details>`)}
      <${Refused} write=${write} />
    </div><${Foot} write=${write} verb=${t("Approve it")} go=${() => write.write(`protocols/${row.id}/approve/`, {})} onClose=${onClose} />
  <//>`;
}

const PARTS = {
  dose: () => t("Doses and their limits"),
  integration: () => t("Integration window"),
  fasting_hours: () => t("Fasting"),
  bands: () => t("Bands of the vital signs"),
  limits: () => t("Other limits"),
  gates: () => t("Gates before a dose"),
};

/** Numbers of a protocol as they are kept, name by name. */
function Tree({ value }) {
  if (value === null || typeof value !== "object") return html`${String(value)}`;
  if (Array.isArray(value)) return html`${value.map((one) => (typeof one === "object" ? JSON.stringify(one) : one)).join(", ")}`;
  return html`<dl class="dl">${Object.entries(value).map(([name, one]) => html`<dt key=${name}>${name.replaceAll("_", " ")}</dt><dd><${Tree} value=${one} /></dd>`)}</dl>`;
}
