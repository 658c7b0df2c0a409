// Counting the safe: a blind sheet, filled by two people. What the books expect is told when it is written down.
import { all } from "../core/api.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { parse, shown, wire } from "../core/milligrams.js";
import { words } from "../core/problem.js";
import { store, useStore } from "../core/store.js";
import { clock, date, minuteOfDay, now } from "../core/time.js";
import { signed, Witness } from "../signin/witness.js";
import { Refusal, useWrite } from "./form.js";
import { countName, lotName, number } from "./words.js";

const NOON = 12 * 60;
/** What is typed outlives a look at another row; it is gone with the page, and with what was written down. */
const draft = store(null);

function firstDraft(place) {
  const kind = minuteOfDay(now(), place.time_zone) < NOON ? "opening" : "closing";
  return { place: place.id, kind, business: "", lines: {}, witness: "", began: null };
}

/** Thousandths of a mg of what was typed for a lot; undefined while nothing is, null for what can't be read. */
function countedOf(lot, line) {
  const [whole, open] = [line?.whole?.trim() ?? "", line?.open?.trim() ?? ""];
  if (!whole && !open) return undefined;
  if (!lot.container_mg) return parse(open);
  if (whole && !/^\d{1,5}$/.test(whole)) return null;
  const rest = open ? parse(open) : 0;
  return rest === null ? null : Number(whole || 0) * parse(lot.container_mg) + rest;
}

function useSheet(place) {
  const [state, set] = useState({ lots: null, problem: null });
  const look = () => all("drug-counts/sheet/", { location: place.id }).then((lots) => set({ lots, problem: null }), (problem) => set((old) => ({ ...old, problem })));
  useEffect(() => void look(), [place.id]);
  return { ...state, look };
}

/** What is typed, what it comes to, and writing it down. */
function useCounting(place, lots, look, done) {
  const kept = useStore(draft);
  const form = kept?.place === place.id ? kept : firstDraft(place);
  const [moved, setMoved] = useState([]); // lots that moved after they were counted
  const write = useWrite({ ...form, moved }, (count) => (draft.set(null), done(count)));
  const change = (values) => (draft.set({ ...form, ...values }), write.clear());
  const line = (id, values) => {
    setMoved(moved.filter((one) => one !== id));
    change({ began: form.began ?? now(), lines: { ...form.lines, [id]: { ...form.lines[id], ...values } } });
  };
  useLeaving(Object.keys(form.lines).length > 0);
  useStale(write.problem, form, setMoved, look);
  const found = lots.map((lot) => [lot, countedOf(lot, form.lines[lot.lot])]);
  return { form, moved, write, change, line, found, stops: stopOf(form, found) };
}

function bodyOf(form, found, place, password) {
  const lines = found.filter(([, mg]) => mg !== undefined).map(([lot, mg]) => ({ lot: lot.lot, counted_mg: wire(mg) }));
  const inventory = form.kind === "inventory" ? { business: form.business } : {};
  return { location: place.id, kind: form.kind, ...inventory, counted_at: new Date(form.began).toISOString(), lines, witness: signed(form.witness, password) };
}

/** @param {{place: object, zone: string, choose: (view: object) => void, again: () => void}} props */
export function Count({ place, zone, choose, again }) {
  const sheet = useSheet(place);
  const lots = sheet.lots ?? [];
  const done = (count) => (again(), choose(count ? { count: count.id } : { view: "register" }));
  const { form, moved, write, change, line, found, stops } = useCounting(place, lots, sheet.look, done);
  const secret = useRef(null);
  const save = (event) => {
    event.preventDefault();
    if (stops) return;
    write.send("drug-counts/", bodyOf(form, found, place, secret.current?.value ?? "")).finally(() => secret.current && (secret.current.value = ""));
  };
  return html`<form class="pane touch" onSubmit=${save}>
    <div class="body">
      <h2>${t("Count the safe")}</h2>
      <p class="quiet">${t("Count what is there, the two of you. What the books expect is told afterwards.")}</p>
      <${Kind} form=${form} change=${change} />
      ${sheet.problem && html`<p class="note high" role="alert">${words(sheet.problem)}</p>`}
      ${sheet.lots && !lots.length && html`<p class="empty">${t("The safe holds nothing.")}</p>`}
      <ul class="sheet">${found.map(([lot, mg]) => html`<${Line} key=${lot.lot} lot=${lot} mg=${mg} typed=${form.lines[lot.lot]} moved=${moved.includes(lot.lot)} set=${(values) => line(lot.lot, values)} />`)}</ul>
      ${lots.length > 0 && html`<h3>${t("The second person")}</h3><p class="small quiet">${t("They counted with you, and sign here with their own password. It cannot be you.")}</p>
        <div class="two"><${Witness} place=${place} chosen=${form.witness} onChoose=${(witness) => change({ witness })} field=${secret} wrong=${write.errors.witness ?? write.errors["witness/password"]} /></div>`}
      <${Refusal} write=${write} />
    </div>
    <footer>
      <span class="small quiet" id="stops">${stops || missingWords(found)} ${form.began && t("Counted from {time} on.", { time: clock(form.began, zone) })}</span>
      <button class="b go big" aria-disabled=${stops ? "true" : undefined} aria-describedby="stops">${write.busy ? t("Saving…") : t("Write the count down")}</button>
    </footer>
  </form>`;
}

/** A lot that moved meanwhile is counted anew: its line is emptied, and the rest counts from the refused try on. */
function useStale(problem, form, setMoved, look) {
  useEffect(() => {
    if (problem?.code !== "count_stale") return;
    const stale = problem.extra.lots ?? [];
    const lines = Object.fromEntries(Object.entries(form.lines).filter(([id]) => !stale.includes(id)));
    draft.set({ ...form, lines, began: now() });
    setMoved(stale);
    look();
  }, [problem]);
}

function useLeaving(typed) {
  useEffect(() => {
    const stay = (event) => typed && event.preventDefault();
    window.addEventListener("beforeunload", stay);
    return () => window.removeEventListener("beforeunload", stay);
  }, [typed]);
}

function stopOf(form, found) {
  const missing = found.filter(([, mg]) => mg === undefined).length;
  if (!found.length) return t("There is nothing to count.");
  if (found.some(([, mg]) => mg === null)) return t("One amount can't be read: digits, and a point.");
  if (missing === found.length) return t("Nothing is counted yet.");
  if (form.kind === "inventory" && !form.business) return t("Say whether it was the open or the close of business.");
  if (form.kind === "inventory" && missing) return t("An inventory counts every lot.");
  return form.witness ? "" : t("Choose who counted with you.");
}

function missingWords(found) {
  const missing = found.filter(([, mg]) => mg === undefined).length;
  return missing ? many(missing, "{n} lot is not counted: the count is not whole.", "{n} lots are not counted: the count is not whole.") : t("Every lot is counted.");
}

function Kind({ form, change }) {
  const choice = (name, value, label) => html`<button type="button" role="radio" aria-checked=${form[name] === value} onClick=${() => change({ [name]: value })}>${label}</button>`;
  return html`<div class="row wrap">
    <div class="seg" role="radiogroup" aria-label=${t("What kind of count")}>${["opening", "closing", "inventory"].map((kind) => choice("kind", kind, countName(kind)))}</div>
    ${form.kind === "inventory" && html`<div class="seg" role="radiogroup" aria-label=${t("At which end of the day")}>${choice("business", "open", t("At the open"))}${choice("business", "close", t("At the close"))}</div>`}
  </div>`;
}

function Line({ lot, mg, typed, moved, set }) {
  const input = (name, label, mode) => html`<div class="f"><label for=${`${name}-${lot.lot}`}>${label}<span class="vh"> ${lot.lot_number}</span></label>
    <input id=${`${name}-${lot.lot}`} inputmode=${mode} autocomplete="off" value=${typed?.[name] ?? ""} onInput=${(event) => set({ [name]: event.target.value })} /></div>`;
  return html`<li class=${moved ? "moved" : ""}>
    <div class="what"><b>${lotName(lot)}</b><span class="quiet">${t("lot {number}, expires {date}", { number: lot.lot_number, date: date(lot.expires_on) })}</span>
      ${moved && html`<span class="chip med"><${Icon} name="warn" />${t("It moved after you counted it: count it again.")}</span>`}</div>
    ${lot.container_mg && input("whole", t("Whole ones of {mg} mg", { mg: number(lot.container_mg) }), "numeric")}
    ${input("open", lot.container_mg ? t("In the open one, mg") : t("Counted, mg"), "decimal")}
    <output>${mg === undefined ? "–" : mg === null ? t("not readable") : `${shown(mg)} mg`}</output>
  </li>`;
}
