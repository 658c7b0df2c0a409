// One room: what it serves, and how long it needs between two sessions.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { Chosen } from "../desk/parts/pane.js";
import { kindName } from "../desk/words.js";
import { Changes } from "./changes.js";
import { fieldName, leftBehind } from "./words.js";

const Active = lazy(() => import("./active.js"), "ActiveRoom");
const RoomForm = lazy(() => import("./roomform.js"), "RoomForm");

/** @param {{row: any, data: any, zone: string, manages: boolean, again: () => void, tell: (words: string) => void}} props */
export function Room({ row, data, zone, manages, again, tell }) {
  const [dialog, open] = useState(null);
  const close = () => open(null);
  const done = (answer) => (close(), tell(leftBehind(answer)), again());
  useKeys(manages ? { e: () => open("change") } : {});
  const aside = row.is_active ? null : html`<span class="chip"><${Icon} name="lock" />${t("Closed")}</span>`;
  const foot = manages && html`<button type="button" class="b go" onClick=${() => open("change")}><${Icon} name="pen" />${t("Change…")} <kbd>e</kbd></button>
    <button type="button" class="b" onClick=${() => open("active")}>${row.is_active ? t("Close the room…") : t("Open it again…")}</button>`;
  return html`<${Chosen} title=${row.name} aside=${aside} foot=${foot}>
    <dl class="dl">
      <dt>${fieldName("location")}</dt><dd>${data.names.get(row.location)}</dd>
      <dt>${fieldName("kinds")}</dt><dd>${row.kinds.map(kindName).join(", ")}</dd>
      <dt>${fieldName("turnover_min")}</dt><dd>${row.turnover_min}</dd>
    </dl>
    <${Changes} type="room" id=${row.id} turn=${row.version} names=${data.names} zone=${zone} />
    ${dialog === "change" && html`<${RoomForm} row=${row} places=${data.places} names=${data.names} zone=${zone} onDone=${done} onClose=${close} />`}
    ${dialog === "active" && html`<${Active} row=${row} zone=${zone} onDone=${done} onClose=${close} />`}
  <//>`;
}
