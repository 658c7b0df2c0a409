// /safe: the controlled drug of this clinic. What has to be done stands left, one thing right.
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { has, place } from "../core/me.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { clockSeconds } from "../core/time.js";
import { begin, Frame } from "../frame/frame.js";
import { useSafe } from "./known.js";
import { List } from "./list.js";
import { Lot } from "./lot.js";

const Count = lazy(() => import("./count.js"), "Count");
const Counted = lazy(() => import("./counted.js"), "Counted");
const Discrepancy = lazy(() => import("./discrepancy.js"), "Discrepancy");
const Draw = lazy(() => import("./draw.js"), "Draw");
const Receive = lazy(() => import("./receive.js"), "Receive");
const Register = lazy(() => import("./register.js"), "Register");
const NAMES = ["view", "lot", "draw", "missing", "count"];

/** What is chosen, as it stands in the address: ids and words of ours alone. */
function chosenNow() {
  const asked = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.filter((name) => asked.get(name)).map((name) => [name, asked.get(name)]));
}

function useChosen() {
  const [chosen, set] = useState(chosenNow);
  useEffect(() => {
    const back = () => set(chosenNow());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const choose = (view) => {
    const text = new URLSearchParams(view).toString();
    history.pushState(null, "", text ? `/safe?${text}` : "/safe");
    set(view);
  };
  return [chosen, choose];
}

function Safe() {
  const here = useStore(place);
  const safe = useSafe(here.id);
  const [chosen, choose] = useChosen();
  const keeps = has("nurse_practitioner", "prescriber");
  const keys = [...(keeps ? [["c", t("Count the safe")], ["n", t("Receive a lot")]] : []), ["e", t("Register")], ["↑ ↓", t("Row before, row after")]];
  useKeys({ ...(keeps ? { c: () => choose({ view: "count" }), n: () => choose({ view: "receive" }) } : {}), e: () => choose({ view: "register" }) });
  const one = Object.keys(chosen).length > 0;
  return html`<${Frame} current="safe" keys=${keys}>
    <div class=${`safe${one ? " one" : ""}${chosen.view === "register" ? " full" : ""}`}>
      <section class="left">
        <header class="sh2"><h1>${t("Safe")}</h1><span class="quiet small">${here.name}</span></header>
        ${safe.problem && html`<p class="strip"><${Icon} name="warn" />${safe.data ? t("Old: from {time}. {why}", { time: clockSeconds(safe.at, here.time_zone), why: words(safe.problem) }) : words(safe.problem)}</p>`}
        ${safe.data && html`<${List} data=${safe.data} chosen=${chosen} zone=${here.time_zone} keeps=${keeps} choose=${choose} />`}
      </section>
      <section class="right" aria-label=${t("What is chosen")}>
        ${one && html`<button type="button" class="b s back" onClick=${() => choose({})}><${Icon} name="left" />${t("All of the safe")}</button>`}
        ${safe.data && html`<${Chosen} key=${JSON.stringify(chosen)} safe=${safe} chosen=${chosen} place=${here} keeps=${keeps} choose=${choose} />`}
      </section>
    </div>
  <//>`;
}

/** The one thing. Whatever is no longer there is said to be so. */
function Chosen({ safe, chosen, place: here, keeps, choose }) {
  const { data } = safe;
  const shared = { data, place: here, zone: here.time_zone, keeps, choose, again: safe.again, onClose: () => choose({}) };
  const by = (rows, id) => rows.find((row) => row.id === id);
  if (chosen.view === "count" && keeps) return html`<${Count} ...${shared} />`;
  if (chosen.view === "receive" && keeps) return html`<${Receive} ...${shared} />`;
  if (chosen.view === "register") return html`<${Register} ...${shared} />`;
  if (chosen.count) return html`<${Counted} ...${shared} id=${chosen.count} />`;
  if (chosen.lot && by(data.lots, chosen.lot)) return html`<${Lot} ...${shared} lot=${by(data.lots, chosen.lot)} />`;
  if (chosen.draw && by(data.draws, chosen.draw)) return html`<${Draw} ...${shared} entry=${by(data.draws, chosen.draw)} />`;
  if (chosen.draw) return html`<p class="empty">${t("This draw is settled.")}</p>`;
  if (chosen.missing && by(data.missing, chosen.missing)) return html`<${Discrepancy} ...${shared} row=${by(data.missing, chosen.missing)} />`;
  if (Object.keys(chosen).length) return html`<p class="empty">${t("This is not, or no longer, at this clinic.")}</p>`;
  return html`<p class="empty">${t("Choose something on the left. What runs out next stands first.")}</p>`;
}

begin(() => html`<${Safe} />`);
