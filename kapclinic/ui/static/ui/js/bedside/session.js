// /bedside/sessions/{id}: one client, the next reading, and how it has gone so far.
import { Icon, html, useMemo, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { me, place } from "../core/me.js";
import { words } from "../core/problem.js";
import { lazy } from "../core/lazy.js";
import { clock, now } from "../core/time.js";
import { useStore } from "../core/store.js";
import { begin, Frame } from "../frame/frame.js";
import { useNow } from "../frame/net.js";
import { discard, outbox, put } from "../outbox/outbox.js";
import { bandsAt } from "./bands.js";
import { Banner } from "./banner.js";
import { Entry } from "./entry.js";
import { Help } from "./help.js";
import { baseline, dosedAt, isHome, openChecks, standing, takenBack, useSession } from "./known.js";
import { EMPTY } from "./reading.js";
import { alarmWords, mg } from "./words.js";

// What may be written without a network is here before it goes.
const EARLY = { early: true };
const PANE = { early: true, pane: true };
const AtHome = lazy(() => import("./athome.js"), "AtHome", PANE);
const Trend = lazy(() => import("./trend.js"), "Trend", PANE);
const Readings = lazy(() => import("./table.js"), "Readings", PANE);
const Acts = lazy(() => import("./acts.js"), "Acts", PANE);
const Checks = lazy(() => import("./checks.js"), "Checks", EARLY);
const Event = lazy(() => import("./event.js"), "Event", EARLY);
const NotTaken = lazy(() => import("./checks.js"), "NotTaken", EARLY);
const Observation = lazy(() => import("./observe.js"), "Observation", EARLY);
const Written = lazy(() => import("./written.js"), "Written", EARLY);
const Acknowledge = lazy(() => import("./acknowledge.js"), "Acknowledge");
const Allergies = lazy(() => import("./allergies.js"), "Allergies");
const Dose = lazy(() => import("./dose.js"), "Dose");
const Discharge = lazy(() => import("./discharge.js"), "Discharge");
const Left = lazy(() => import("./discharge.js"), "Left");
const Home = lazy(() => import("./home.js"), "Home");
const NotDosed = lazy(() => import("./notdosed.js"), "NotDosed");
const ID = location.pathname.split("/").filter(Boolean).at(-1);
const CORRECTED = new URLSearchParams(location.search).get("correct");

/** A refused reading, back in the fields: whoever corrects it starts from what they typed. */
function typedBefore(items) {
  const item = items.find((one) => one.key === CORRECTED && one.what === "reading");
  if (!item) return undefined;
  const text = Object.fromEntries(Object.keys(EMPTY.text).map((sign) => [sign, item.body[sign] === undefined ? "" : String(item.body[sign])]));
  return { ...EMPTY, text, missing: item.body.not_obtainable ?? [], sedation: item.body.sedation ?? null, at: Date.parse(item.body.measured_at) };
}

function Bedside() {
  const here = useStore(place);
  const items = useStore(outbox).filter((item) => item.session === ID && item.owner === me.get().id);
  const { data, problem, again } = useSession(ID);
  const [dialog, open] = useState(null);
  const [saved, setSaved] = useState(null);
  const at = useNow(15000);
  const rows = standing(data, items);
  const dosed = dosedAt(data);
  const known = { bands: data?.protocol.bands ?? null, others: rows.map((row) => [row.at, row]), dosedAt: dosed, stay: dosed === null ? 0 : data.protocol.min_stay_min };
  const zone = here.time_zone;
  const checks = openChecks(data);
  const first = useMemo(() => typedBefore(items), [items.length > 0]);
  const reads = !!data && !me.get().locations.includes(data.session.location); // through an opening in an emergency
  const close = () => open(null);
  const wrote = (what) => (close(), setSaved({ what, at: now() }));
  async function save(body) {
    await put({ path: `sessions/${ID}/readings/`, body, session: ID, what: "reading" });
    if (first && CORRECTED) {
      await discard(CORRECTED);
      history.replaceState(null, "", location.pathname);
    }
  }
  return html`<${Frame} current="ward" keys=${[["0…9", t("Type the reading")], ["Enter", t("Next field, then save")], ["n", t("Not taken")]]}>
    <div class="bed touch">
      <${Banner} data=${data} zone=${zone} at=${at} onHelp=${() => open("help")} onAllergies=${!reads && (() => open("allergies"))} />
      ${isHome(data?.session) && html`<${AtHome} session=${data.session} onOpen=${!reads && (() => open("home"))} />`}
      <${Alarms} data=${data} rows=${rows} problem=${problem} zone=${zone} onAnswer=${!reads && open} />
      ${reads ? html`<p class="strip">${t("A record of another location: you only read.")}</p>` : html`<${Entry} key=${first ? "again" : "new"} known=${known} first=${first} nextCheck=${checks[0]} zone=${zone} onSave=${save} onNotTaken=${() => open("not_taken")} />`}
      <${See} data=${data} rows=${rows} known=${known} checks=${checks} zone=${zone} at=${at} items=${items} again=${again} open=${!reads && open}><${Saved} saved=${saved} items=${items} zone=${zone} /><//>
    </div>
    ${dialog === "help" && html`<${Help} session=${data?.session} place=${here} onClose=${close} />`}
    ${dialog === "observation" && html`<${Observation} session=${ID} onDone=${() => wrote("observation")} onClose=${close} />`}
    ${dialog === "not_taken" && html`<${NotTaken} check=${checks[0] ?? null} session=${ID} zone=${zone} onClose=${close} />`}
    ${dialog === "allergies" && html`<${Allergies} client=${data.session.client} allergies=${data.banner.allergies} onDone=${() => (close(), again())} onClose=${close} />`}
    ${dialog === "home" && html`<${Home} session=${data.session} dosed=${dosed !== null} onDone=${() => (close(), again())} onClose=${close} />`}
    ${dialog === "event" && html`<${Event} session=${ID} onDone=${() => wrote("event")} onClose=${close} />`}
    ${dialog === "dose" && html`<${Dose} data=${data} place=${here} again=${again} onDone=${() => (close(), again())} onClose=${close} />`}
    ${dialog === "not_dosed" && html`<${NotDosed} session=${data.session} onDone=${() => (close(), again())} onClose=${close} />`}
    ${dialog === "discharge" && html`<${Discharge} data=${data} onDone=${() => (open("left"), again())} onClose=${close} />`}
    ${dialog === "left" && html`<${Left} id=${ID} home=${isHome(data?.session)} onClose=${close} />`}
    ${dialog?.alarm && html`<${Acknowledge} ...${dialog} onDone=${() => (close(), again())} onClose=${close} />`}
  <//>`;
}

/** The open alarms, high before medium; and what the tablet itself knows, when the server does not answer. */
function Alarms({ data, rows, problem, zone, onAnswer }) {
  const open = (data?.alarms ?? []).filter((alarm) => alarm.state === "open");
  const said = open.map((alarm) => ({ alarm, said: alarmWords(alarm, rows.find((row) => row.id === alarm.reading) ?? data.readings.find((row) => row.id === alarm.reading), zone, data.checks.find((check) => check.id === alarm.check)) }));
  said.sort((a, b) => (a.said.loud === "high" ? 0 : 1) - (b.said.loud === "high" ? 0 : 1));
  const [all, showAll] = useState(false);
  const shown = all ? said : said.slice(0, 1);
  return html`<div class=${all ? "alarms all" : "alarms"}>
    ${problem && html`<p class="strip"><b>${data ? t("Old data.") : ""}</b> ${words(problem)}</p>`}
    ${shown.map((one) => html`<div class="alarm ${one.said.loud}" key=${one.alarm.id} role="group" aria-label=${one.said.title}>
      <${Icon} name=${one.said.loud === "high" ? "stop" : "warn"} />
      <span class="grow"><b>${one.said.title}</b> ${one.said.detail}</span>
      ${onAnswer && html`<button type="button" class="b" onClick=${() => onAnswer(one)}>${t("Acknowledge: what did you do?")}</button>`}
    </div>`)}
    ${said.length > 1 && html`<button type="button" class="b bare more" aria-expanded=${all} onClick=${() => showAll(!all)}>${all ? t("Show the first alone") : many(said.length - 1, "{n} more alarm", "{n} more alarms")}</button>`}
  </div>`;
}

/** What was written down last, and where it is: it stands in the record, and nowhere else on this page. */
function Saved({ saved, items, zone }) {
  const where = saved && (items.some((item) => item.what === saved.what) ? t("on tablet") : t("on server"));
  return html`<span class="small" role="status">${saved && `${saved.what === "event" ? t("Event") : t("Observation")} ${clock(saved.at, zone)}: ${where}`}</span>`;
}

/** "dose 200 mg" of the first one, for the chart. */
function doseWord(data) {
  const first = (data?.given ?? []).filter((row) => !row.voided).sort((a, b) => Date.parse(a.administered_at) - Date.parse(b.administered_at))[0];
  return first ? t("dose {mg}", { mg: mg(first.given_mg ?? first.dose_mg) }) : undefined;
}

function See({ data, rows, known, checks, zone, at, items, again, open, children }) {
  const [tab, setTab] = useState("graph");
  const tabs = [["graph", t("Graph")], ["table", t("Table")], ["checks", t("All checks")], ["record", t("Record")]];
  const bandsOf = (row) => (known.bands ? bandsAt(row.at, row, known.bands, known.others.filter(([, other]) => other !== row), known.dosedAt) : {});
  const written = [...rows, ...takenBack(data)].sort((a, b) => a.at - b.at);
  const table = html`<${Readings} rows=${written} checks=${data?.checks ?? []} zone=${zone} bandsOf=${bandsOf} onVoided=${open && again} />`;
  return html`<section class="see" aria-label=${t("How it has gone")}>
    <div class="row sh">
      <div class="seg" role="tablist">
        ${tabs.map(([id, label]) => html`<button type="button" role="tab" key=${id} id=${`tab-${id}`} aria-selected=${tab === id} onClick=${() => setTab(id)}>${label}</button>`)}
      </div>
      <span class="key tiny" aria-hidden="true"><span>● ${t("systolic")}</span><span>■ ${t("diastolic")}</span><span>△ ${t("heart rate")}</span><span>○ ${t("check due")}</span></span>
    </div>
    ${tab === "graph" && html`<${Trend} rows=${rows} checks=${checks} dosedAt=${known.dosedAt} bands=${known.bands} baseline=${baseline(rows, known.dosedAt)} at=${at} zone=${zone} dose=${doseWord(data)} />`}
    ${tab === "graph" && table} ${tab === "table" && table}
    ${tab === "checks" && html`<${Checks} checks=${data?.checks ?? []} zone=${zone} />`}
    ${tab === "record" && html`<${Written} session=${ID} items=${items} zone=${zone} />`}
    ${open && html`<${Acts} data=${data} dosed=${known.dosedAt !== null} open=${open}>${children}<//>`}
  </section>`;
}

begin(() => html`<${Bedside} />`);

