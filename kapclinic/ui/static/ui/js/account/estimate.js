// Making an estimate out of what a course still plans, and writing down when and how the client got it.
import { all, get } from "../core/api.js";
import { money, parse, plain, wire } from "../core/cents.js";
import { html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { clock, date, dayIn, instant, now } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { unreadAmount } from "../till/words.js";
import { Amount, Form, wrong } from "./parts.js";

/** The client's courses, and what the chosen one still plans. */
function useProposal(client, course) {
  const [state, set] = useState({ courses: null, found: null, problem: null });
  const failed = (problem) => set((old) => ({ ...old, problem }));
  useEffect(() => {
    all("programs/", { client }).then((courses) => set((old) => ({ ...old, courses })), failed);
  }, [client]);
  const wanted = course || state.courses?.[0]?.id;
  useEffect(() => {
    if (!wanted) return;
    get("estimates/proposed/", { program: wanted }).then((found) => set((old) => ({ ...old, found, problem: null })), failed);
  }, [wanted]);
  return state;
}

const TYPES = { kap: () => t("Course with therapy"), infusion_only: () => t("Infusions alone") };

/** @param {{client: string, places: any[], earlier?: any, onDone: any, onClose: () => void}} props `earlier`: the issued one of which this is the next edition */
export function Ask({ client, places, earlier, onDone, onClose }) {
  const [course, choose] = useState(earlier?.program ?? "");
  const [asked] = useState(() => new Date(now() - 2000).toISOString());
  const proposal = useProposal(client, course);
  const { found } = proposal;
  const sent = useRef([]);
  const named = (field) => field.replace(/^items\/(\d+)/, (_, n) => `items/${sent.current[n]}`);
  const zone = places[0]?.time_zone ?? "UTC";
  const items = found?.items ?? [];
  const [typed, type] = useState({});
  const total = totalOf(items, typed[found?.program] ?? {});
  const change = (name) => (event) => type({ ...typed, [found.program]: { ...typed[found.program], [name]: event.target.value } });
  const labels = { program: t("Which course"), why: t("Why it is made"), requested_at: t("Why it is made"), items: t("What it lists"), diagnoses: t("Diagnoses"), ...labelsOf(items) };
  const bodyOf = (form) => {
    if (!items.length) throw wrong("program", t("Choose a course that still plans something."));
    const since = form.get("why") === "booked" ? { scheduled_at: found.scheduled_at, service_on: found.service_on } : { requested_at: asked };
    return { client, program: found.program, ...since, items: linesOf(items, form, sent), diagnoses: found.diagnoses, ...(earlier ? { supersedes: earlier.id } : {}) };
  };
  const whys = [...(found?.scheduled_at ? [["booked", t("services were booked on {day}", { day: date(dayIn(found.scheduled_at, zone)) })]] : []), ["asked", t("the client asked for it just now")]];
  return html`<${Form} title=${earlier ? t("Next edition of {number}", { number: earlier.number }) : t("Make an estimate")} verb=${t("Make it")} path="estimates/" labels=${labels} bodyOf=${bodyOf} named=${named} onDone=${onDone} onClose=${onClose} wide>
    ${(bad) => html`${proposal.problem && html`<p class="note high" role="alert">${words(proposal.problem)}</p>`}
      ${proposal.courses?.length === 0 && html`<p class="note med">${t("This client has no course.")}</p>`}
      <div class="two"><${Field} name="program" label=${labels.program} wrong=${bad} options=${(proposal.courses ?? []).map((row) => [row.id, `${TYPES[row.program_type]?.() ?? row.program_type}, ${date(row.created_at.slice(0, 10))}`])} onChange=${(event) => choose(event.target.value)} />
        <${Field} key=${found?.program} name="why" label=${labels.why} wrong=${bad} options=${whys} /></div>
      <${Items} key=${found?.program} items=${items} bad=${bad} change=${change} />
      ${found && html`<p role="status">${t("Together")} <b>${money(total)}</b>${total !== parse(found.total) && html` <span class="faint">${t("{amount} as proposed", { amount: money(found.total) })}</span>`}${found.diagnoses.length > 0 && ` · ${found.diagnoses.join(", ")}`}</p>`}
      ${earlier && html`<p class="quiet">${t("The earlier one holds until this one is issued.")}</p>`}`}
  <//>`;
}

const labelsOf = (items) => Object.fromEntries(items.flatMap((item, n) => [[`items/${n}/quantity`, item.label], [`items/${n}/unit_amount`, item.label], [`items/${n}/code`, item.label]]));

/** Cents of all items as they are typed; null while one of them cannot be read. */
function totalOf(items, typed) {
  return items.reduce((total, item, n) => {
    const times = (typed[`items/${n}/quantity`] ?? String(item.quantity)).trim();
    const price = parse(typed[`items/${n}/unit_amount`] ?? item.unit_amount ?? "");
    if (times === "0") return total;
    return total === null || price === null || !/^[1-9]\d{0,2}$/.test(times) ? null : total + Number(times) * price;
  }, /** @type {number | null} */ (0));
}

function Items({ items, bad, change }) {
  return html`<ul class="items">${items.map((item, n) => html`<li key=${n}>
    <span><b>${item.code}</b> ${item.label}</span>
    <${Field} name=${`items/${n}/quantity`} label=${t("How often")} wrong=${bad} inputmode="numeric" defaultValue=${String(item.quantity)} onInput=${change(`items/${n}/quantity`)} />
    <${Amount} name=${`items/${n}/unit_amount`} label=${t("Each, $")} wrong=${bad} defaultValue=${item.unit_amount ?? ""} onInput=${change(`items/${n}/unit_amount`)} />
  </li>`)}</ul>`;
}

/** The items of a body, without those that happen 0 times; `sent` keeps which are left, so that a fault finds its field. @throws {Problem} */
function linesOf(items, form, sent) {
  sent.current = items.map((_, n) => n).filter((n) => form.get(`items/${n}/quantity`).trim() !== "0");
  return sent.current.map((n) => {
    const item = items[n];
    const times = form.get(`items/${n}/quantity`).trim();
    const price = parse(form.get(`items/${n}/unit_amount`));
    if (!/^[1-9]\d{0,2}$/.test(times)) throw wrong(`items/${n}/quantity`, t("Type how often: 0 leaves it out."));
    if (price === null || price < 0) throw wrong(`items/${n}/unit_amount`, unreadAmount());
    return { code: item.code, quantity: Number(times), unit_amount: wire(price), rendering: item.rendering, location: item.location };
  });
}

const WAYS = () => [["in_person", t("handed over")], ["paper", t("on paper, at the clinic")], ["mail", t("by mail")], ["email", t("by e-mail")], ["portal", t("in the portal")]];

/** @param {{row: any, places: any[], onDone: any, onClose: () => void}} props */
export function Issue({ row, places, onDone, onClose }) {
  const zone = places.find((one) => one.id === row.location)?.time_zone ?? "UTC";
  const [at] = useState(() => now() - 2000);
  const labels = { day: t("Handed over on"), time: t("at, such as 14:30"), delivered_at: t("Handed over on"), method: t("How") };
  const bodyOf = (form) => {
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(form.get("time"))) throw wrong("time", t("Type hours and minutes, such as 14:30."));
    const moment = Math.min(instant(form.get("day"), form.get("time"), zone), at);
    const first = form.get("day") === dayIn(at, zone) && form.get("time") === clock(at, zone) ? at : moment;
    return { delivered_at: new Date(first).toISOString(), method: form.get("method") };
  };
  return html`<${Form} title=${t("Issue {number}", { number: row.number })} verb=${t("Issue it")} path=${`estimates/${row.id}/issue/`} labels=${labels} bodyOf=${bodyOf} named=${(field) => (field === "delivered_at" ? "day" : field)} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<p><b>${plain(row.total)}</b> ${row.due_on && t("due on {day}", { day: date(row.due_on) })}</p>
      <p class="quiet">${t("The paper is made as it is now, and never changes. Print it, or send it, and say when the client got it.")}</p>
      <div class="two"><${Field} name="day" label=${labels.day} wrong=${bad} type="date" max=${dayIn(at, zone)} defaultValue=${dayIn(at, zone)} /><${Field} name="time" label=${labels.time} wrong=${bad} inputmode="numeric" maxlength="5" defaultValue=${clock(at, zone)} />
        <${Field} name="method" label=${labels.method} wrong=${bad} options=${WAYS()} /></div>`}
  <//>`;
}
