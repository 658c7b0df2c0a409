// The worklist of the safe: what runs out next stands first, and no row tells what a lot should hold.
import { Icon, html } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { parse } from "../core/milligrams.js";
import { clock, date, day, dayIn, lasting, now } from "../core/time.js";
import { clockOf, isOpen } from "./known.js";
import { countName, lotName, signed } from "./words.js";

/** @param {{data: object, chosen: object, zone: string, keeps: boolean, choose: (view: object) => void}} props */
export function List({ data, chosen, zone, keeps, choose }) {
  const row = (view, content) => html`<${Row} view=${view} chosen=${chosen} choose=${choose}>${content}<//>`;
  const due = (one) => clockOf(one, zone)?.at ?? Infinity;
  const open = data.missing.filter(isOpen).sort((a, b) => due(a) - due(b));
  const lots = data.lots.filter((lot) => !lot.voided && parse(lot.balance_mg) !== 0).sort((a, b) => a.expires_on.localeCompare(b.expires_on));
  const empty = data.lots.filter((lot) => !lot.voided && parse(lot.balance_mg) === 0);
  const closed = data.missing.filter((one) => !isOpen(one));
  return html`<nav class="sl" aria-label=${t("What the safe holds and owes")} onKeyDown=${step}>
    ${open.length > 0 && html`<h2>${t("Not where the books say")}</h2><ul>${open.map((one) => row({ missing: one.id }, html`<${Missing} row=${one} zone=${zone} />`))}</ul>`}
    ${data.draws.length > 0 && html`<h2>${t("Drawn, and not settled")}</h2><ul>${data.draws.map((entry) => row({ draw: entry.id }, html`<${Draw} entry=${entry} lots=${data.lots} zone=${zone} />`))}</ul>`}
    <h2>${t("Counting")}</h2>
    <ul>${keeps && row({ view: "count" }, html`<b>${t("Count the safe")} <kbd>c</kbd></b><span class="small quiet">${lastCount(data.counts[0], zone)}</span>`)}
      ${data.counts.map((count) => row({ count: count.id }, html`<span>${countName(count.kind)}, ${day(count.counted_at, zone)} ${clock(count.counted_at, zone)}</span><span class="small quiet">${counted(count)}</span>`))}
      ${!keeps && !data.counts.length && html`<li class="none">${t("Nobody has counted yet.")}</li>`}</ul>
    <h2>${t("Lots, the next to expire first")}</h2>
    <ul>${lots.map((lot) => row({ lot: lot.id }, html`<${Lot} lot=${lot} zone=${zone} />`))}
      ${!lots.length && html`<li class="none">${t("The safe holds nothing.")}</li>`}
      ${keeps && row({ view: "receive" }, html`<b><${Icon} name="plus" /> ${t("Receive a lot")} <kbd>n</kbd></b>`)}</ul>
    <h2>${t("Looking back")}</h2>
    <ul>${row({ view: "register" }, html`<span>${t("Register")} <kbd>e</kbd></span>`)}
      ${empty.map((lot) => row({ lot: lot.id }, html`<span class="quiet">${lotName(lot)} · ${lot.lot_number}</span><span class="small quiet">${t("empty")}</span>`))}
      ${closed.map((one) => row({ missing: one.id }, html`<span class="quiet">${signed(one.difference_mg)} · ${one.lot_number}</span><span class="small quiet">${t("closed")}</span>`))}</ul>
  </nav>`;
}

/** The arrows go from row to row. */
function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  const rows = [...event.currentTarget.querySelectorAll("a")];
  rows[rows.indexOf(document.activeElement) + by]?.focus();
  event.preventDefault();
}

function Row({ view, chosen, choose, children }) {
  const [[name, value]] = Object.entries(view);
  return html`<li><a href=${`/safe?${name}=${value}`} aria-current=${chosen[name] === value ? "true" : undefined} onClick=${(event) => (event.preventDefault(), choose(view))}>${children}</a></li>`;
}

function lastCount(count, zone) {
  if (!count) return t("Nobody has counted yet.");
  return t("last: {what}, {day} {time}", { what: countName(count.kind), day: day(count.counted_at, zone), time: clock(count.counted_at, zone) });
}

function counted(count) {
  const off = count.lines.filter((line) => parse(line.difference_mg.replace("-", "")) !== 0).length;
  return off ? many(off, "{n} lot differs", "{n} lots differ") : t("all as the books say");
}

function Missing({ row, zone }) {
  const next = clockOf(row, zone);
  const late = next && next.at < now();
  return html`<b>${signed(row.difference_mg)} · ${row.drug} ${row.lot_number}</b>
    <span class=${late ? "chip high" : "chip med"}><${Icon} name=${late ? "stop" : "warn"} />${clockWords(next)}</span>`;
}

/** "Notice to the DEA: closes in 3 h 33 min" */
export function clockWords(next) {
  if (!next) return t("no clock runs");
  const left = next.at - now();
  const time = long(Math.abs(left));
  if (next.what === "notice") return left < 0 ? t("notice to the DEA: late by {time}", { time }) : t("notice to the DEA: {time} left", { time });
  return left < 0 ? t("Form 106: late by {time}", { time }) : t("Form 106: {time} left", { time });
}

const DAY = 86400000;

function long(ms) {
  return ms > 2 * DAY ? many(Math.floor(ms / DAY), "{n} day", "{n} days") : lasting(ms);
}

function Draw({ entry, lots, zone }) {
  const lot = lots.find((one) => one.id === entry.lot);
  return html`<b>${signed(entry.delta_mg)} · ${lot.drug} ${lot.lot_number}</b>
    <span class="chip med"><${Icon} name="warn" />${t("drawn {time}, {age} ago", { time: clock(entry.occurred_at ?? entry.created_at, zone), age: long(now() - Date.parse(entry.created_at)) })}</span>`;
}

function Lot({ lot, zone }) {
  const today = dayIn(now(), zone);
  const over = lot.expires_on < today;
  return html`<span>${lotName(lot)} · ${lot.lot_number}</span>
    <span class=${over ? "chip med" : "small quiet"}>${over && html`<${Icon} name="warn" />`}${over ? t("expired {date}", { date: date(lot.expires_on) }) : t("expires {date}", { date: date(lot.expires_on) })}</span>`;
}
