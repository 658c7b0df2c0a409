// /desk/waitlist: freed times that are offered, the next call first; under them who waits, whose wait ends first.
import { Icon, html, useState } from "../../core/h.js";
import { many, t } from "../../core/i18n.js";
import { useKeys } from "../../core/keys.js";
import { lazy } from "../../core/lazy.js";
import { place } from "../../core/me.js";
import { usePoll } from "../../core/poll.js";
import { useStore } from "../../core/store.js";
import { dayIn, dayShort } from "../../core/time.js";
import { begin, Frame } from "../../frame/frame.js";
import { useNow } from "../../frame/net.js";
import { useNames } from "../known.js";
import { useAddress } from "../parts/address.js";
import { useClients } from "../parts/clients.js";
import { due, Row, Stand, useNextFocus, useRows, when, whenTo } from "../parts/pane.js";
import { discreet, NamesSwitch, shownName, switchNames } from "../parts/privacy.js";
import { kindName } from "../words.js";
import { EntryObject } from "./entry.js";
import { useOffers } from "./known.js";
import { OfferObject } from "./offer.js";

const Book = lazy(() => import("../book.js"), "Book");
const Add = lazy(() => import("./add.js"), "Add");
const Done = lazy(() => import("../worklist/done.js"), "Done");
const Reason = lazy(() => import("../reasons.js"), "Reason");

function Waitlist() {
  const here = useStore(place);
  useStore(discreet);
  const [at, zone] = [useNow(15000), here.time_zone];
  const names = useNames(here.id);
  const [said, go] = useAddress();
  const [dialog, open] = useState(null);
  const held = () => dialog?.kind ?? null;
  const calls = usePoll("tasks/", { location: here.id, kind: "slot_freed", state: "open", ordering: "due_at", page_size: 100 }, 15, held);
  const waits = usePoll("waitlist/", { location: here.id, status: "waiting", ordering: "window_to", page_size: 100 }, 30, held);
  const offers = useOffers(calls.data?.results ?? []);
  const entries = waits.data?.results ?? [];
  const rows = [...offers, ...entries];
  const chosen = rows.find((row) => row.id === (said.offer ?? said.entry)) ?? rows[0] ?? null;
  const clients = useClients([chosen?.client]); // the phone of whoever is called
  const gone = calls.data && waits.data && (said.offer ?? said.entry) && chosen?.id !== (said.offer ?? said.entry);
  const choose = (id) => keep(null) ?? go(offers.some((row) => row.id === id) ? { offer: id, entry: null } : { entry: id, offer: null });
  const [booked, keep] = useState(null);
  const next = useNextFocus(calls.data);
  const again = () => (next(), calls.again(), waits.again());
  const close = () => (open(null), calls.release(), waits.release());
  const done = () => (close(), again());
  const add = () => open({ kind: "add" });
  useRows(rows.map((row) => row.id), chosen?.id, choose);
  useKeys({ n: add, v: switchNames });
  const common = { client: clients.get(chosen?.client), names, zone, open };
  return html`<${Frame} current="waitlist" count=${{ waitlist: calls.data?.count }} keys=${KEYS()}>
    <div class="wk">
      <${List} offers=${offers} entries=${entries} calls=${calls} waits=${waits} chosen=${chosen} choose=${choose} add=${add} at=${at} zone=${zone} />
      <div class="wr">
        ${gone && html`<p class="note" role="status"><span>${booked ? html`${t("Booked: {when}", { when: `${booked.name}, ${whenTo(booked.row, zone)}` })} <a href=${`/desk/schedule?day=${dayIn(booked.row.starts_at, zone)}&session=${booked.row.id}`}>${t("Show that day")}</a>` : t("The row that you had chosen is settled.")}</span></p>`}
        ${chosen?.task && html`<${OfferObject} key=${chosen.id} ...${common} offer=${chosen} others=${offers.filter((row) => row.freed_by === chosen.freed_by && row.id !== chosen.id)} onDone=${(row) => (keep({ row, name: shownName(chosen.task.client_name) }), again())} />`}
        ${chosen && !chosen.task && html`<${EntryObject} key=${chosen.id} ...${common} entry=${chosen} at=${at} />`}
      </div>
    </div>
    <${Dialogs} dialog=${dialog} names=${names} here=${here} at=${at} done=${done} close=${close} />
  <//>`;
}

function List({ offers, entries, calls, waits, chosen, choose, add, at, zone }) {
  const polls = { at: Math.min(calls.at, waits.at), problem: calls.problem ?? waits.problem, waiting: calls.waiting ?? waits.waiting, data: calls.data && waits.data };
  const again = () => (calls.again(), waits.again());
  const release = () => (calls.release(), waits.release());
  return html`<section class="wq" aria-labelledby="waits">
    <div class="sec-h"><h2 id="waits">${t("Waitlist")} <span class="faint">${many(waits.data?.count ?? 0, "{n} waits", "{n} wait")}</span></h2><${NamesSwitch} />
      <button type="button" class="b s" onClick=${add}><${Icon} name="plus" />${t("Add")} <kbd>n</kbd></button></div>
    <${Stand} poll=${{ ...polls, again, release }} />
    ${offers.length > 0 && html`<h3>${t("Offered: call these")}</h3>`}
    <ul class="il">${offers.map((row) => html`<li key=${row.id}><${Row} id=${row.id} current=${row.id === chosen.id} late=${Date.parse(row.task.due_at) < at} name=${shownName(row.task.client_name)}
      age=${due(row.task.due_at, at)} text=${`${kindName(row.kind)} · ${when(row.starts_at, zone)}`} onChoose=${() => choose(row.id)} /></li>`)}</ul>
    ${entries.length > 0 && html`<h3>${t("Waiting")}</h3>`}
    ${waits.data && !entries.length && html`<p class="quiet pad">${t("Nobody waits. Whoever wants an earlier time is added here, and is offered what others give up.")}</p>`}
    <ul class="il">${entries.map((row) => html`<li key=${row.id}><${Row} id=${row.id} current=${row.id === chosen.id} name=${shownName(row.client_name)}
      age=${t("until {when}", { when: dayShort(dayIn(Date.parse(row.window_to) - 1, zone)) })} text=${kindName(row.kind)} onChoose=${() => choose(row.id)} /></li>`)}</ul>
  </section>`;
}

function KEYS() {
  return [["↑ ↓", t("Row before, row after")], ["n", t("Add to the waitlist")], ["s", t("Book it")], ["d", t("Declined or not reached…")], ["x", t("Take off the waitlist…")], ["v", t("Names as initials")]];
}

function Dialogs({ dialog, names, here, at, done, close }) {
  if (!dialog) return null;
  const common = { ...dialog, names, zone: here.time_zone, onDone: done, onClose: close };
  if (dialog.kind === "book") return html`<${Book} ...${common} here=${here} at=${at} />`;
  if (dialog.kind === "add") return html`<${Add} ...${common} here=${here} at=${at} />`;
  if (dialog.kind === "withdraw") return html`<${Reason} ...${common} />`;
  return html`<${Done} ...${common} />`;
}

begin(() => html`<${Waitlist} />`);
