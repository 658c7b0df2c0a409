// The band above a record that was opened in an emergency: until when it stands, what is not there, and its end.
import { Icon, html, useEffect } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { place } from "../core/me.js";
import { words } from "../core/problem.js";
import { now } from "../core/time.js";
import { until, useStanding } from "./known.js";

/** What was read goes from the page with the right to read it. */
const leave = () => location.replace("/clients/elsewhere");

/** @param {{client: string}} props */
export function Band({ client }) {
  const { rows } = useStanding(client, 0);
  const row = rows?.[0];
  const write = useWrite(leave);
  useEffect(() => {
    if (!row) return undefined;
    const timer = setTimeout(leave, Math.max(0, Date.parse(row.expires_at) - now()));
    return () => clearTimeout(timer);
  }, [row?.id]);
  if (!row) return null;
  return html`<section class="gl-b" aria-label=${t("Opened in an emergency, by you")}><${Icon} name="lock" /><div class="grow"><b>${t("A record of another location: open to you until {time}.", { time: until(row.expires_at, place.get()?.time_zone ?? "UTC") })}</b>${" "}<span>${t("You only read. Each read is logged, and the director there answers for it.")}</span>${write.problem && html`<p role="alert">${words(write.problem)}</p>`}</div>
    <button type="button" class="b" aria-disabled=${write.busy ? "true" : undefined} onClick=${() => write.write(`break-glass/${row.id}/end/`, {})}>${t("End it now")}</button></section>`;
}
