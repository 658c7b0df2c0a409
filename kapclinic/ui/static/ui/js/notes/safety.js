// Safety on the day of the session: the screener that was asked, alerts that are open, and asking again.
import { Icon, html } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { clock, dayIn, dayShort } from "../core/time.js";

const TIERS = { none: () => t("no ideation"), low: () => t("low risk"), moderate: () => t("moderate risk"), high: () => t("high risk") };

export function tierName(band) {
  return TIERS[band]?.() ?? t("not complete: the risk is open");
}

/** @param {{besides: any, zone: string, at: number, again: () => void, open: (dialog: object) => void}} props */
export function Safety({ besides, zone, open }) {
  if (!besides) return null;
  const asked = (besides.timeline?.measures ?? []).filter((row) => row.instrument === "cssrs");
  const last = asked.sort((a, b) => Date.parse(a.taken_at) - Date.parse(b.taken_at)).at(-1);
  const loud = last && last.band !== "none" && last.band !== "low";
  return html`<section class="sec safe" aria-labelledby="safe-today">
    <div class="row wrap"><h2 class="grow" id="safe-today">${t("Safety today")}</h2>
      <${Screener} last=${last} loud=${loud} day=${besides.session && dayIn(besides.session.starts_at, zone)} zone=${zone} known=${besides.timeline !== null} />
      <button type="button" class="b s" onClick=${() => open({ kind: "screener" })}>${last ? t("Ask again") : t("Ask now")}</button></div>
    ${besides.banner?.alerts.length > 0 && html`<p class="note high"><${Icon} name="stop" /><span><b>${alertWords(besides.banner.alerts)}</b> ${besides.banner.safety_plan ? t("A safety plan is on file.") : t("No safety plan is on file.")}</span></p>`}
  </section>`;
}

/** What is open, the louder first. */
function alertWords(rows) {
  const open = rows.filter((row) => row.status === "open").length;
  if (open) return many(open, "A safety alert waits for somebody to acknowledge it.", "{n} safety alerts wait for somebody to acknowledge them.");
  return t("A safety alert holds every dose.");
}

function Screener({ last, loud, day, zone, known }) {
  if (!known) return html`<span class="chip">${t("C-SSRS: not known now")}</span>`;
  if (!last) return html`<span class="chip med"><${Icon} name="warn" />${t("C-SSRS: never asked")}</span>`;
  const taken = dayIn(last.taken_at, zone);
  const told = t("C-SSRS {when}: {tier}", { when: `${dayShort(taken)} ${clock(last.taken_at, zone)}`, tier: tierName(last.band) });
  return html`<span class=${loud ? "chip high-soft" : taken === day ? "chip" : "chip med"}><${Icon} name=${loud ? "stop" : "shield"} />${told}${taken !== day && ` · ${t("not of this day")}`}</span>`;
}
