// /desk/worklist: what is to be done, by what runs out next, and the one button that settles each row.
import { html, useState } from "../../core/h.js";
import { many, t, told } from "../../core/i18n.js";
import { useKeys } from "../../core/keys.js";
import { lazy } from "../../core/lazy.js";
import { place } from "../../core/me.js";
import { usePoll } from "../../core/poll.js";
import { useStore } from "../../core/store.js";
import { begin, Frame } from "../../frame/frame.js";
import { useNow } from "../../frame/net.js";
import { useNames } from "../known.js";
import { useAddress } from "../parts/address.js";
import { due, Row, Stand, useNextFocus, useRows } from "../parts/pane.js";
import { discreet, NamesSwitch, shownName, switchNames } from "../parts/privacy.js";
import { TaskObject } from "./object.js";

const Book = lazy(() => import("../book.js"), "Book");
const Move = lazy(() => import("../move.js"), "Move");
const Ride = lazy(() => import("../reasons.js"), "Ride");
const CallClient = lazy(() => import("../reasons.js"), "CallClient");
const Done = lazy(() => import("./done.js"), "Done");
const SECONDS = 30;

function Todo() {
  const here = useStore(place);
  useStore(discreet);
  const at = useNow(15000);
  const names = useNames(here.id);
  const [said, go] = useAddress();
  const [dialog, open] = useState(null);
  const asked = { location: here.id, role: "me", state: "open", ordering: "due_at", page_size: 100 };
  const poll = usePoll("tasks/", asked, SECONDS, () => dialog?.kind ?? null);
  const rows = poll.data?.results ?? [];
  const chosen = rows.find((row) => row.id === said.task) ?? rows[0] ?? null;
  const gone = poll.data && said.task && chosen?.id !== said.task;
  const choose = (task) => go({ task });
  const close = () => (open(null), poll.release());
  const next = useNextFocus(poll.data);
  const done = () => (close(), next(), poll.again());
  useRows(rows.map((row) => row.id), chosen?.id, choose);
  useKeys({ v: switchNames });
  return html`<${Frame} current="todo" count=${{ todo: poll.data?.count }} keys=${KEYS()}>
    <div class="wk">
      <section class="wq" aria-labelledby="todo">
        <div class="sec-h"><h2 id="todo">${t("To do")} <span class="faint">${many(poll.data?.count ?? 0, "{n} open", "{n} open")}</span></h2><${NamesSwitch} /></div>
        <${Stand} poll=${poll} />
        ${poll.data && !rows.length && html`<p class="quiet pad">${t("Nothing is to be done. What comes up appears here by itself.")}</p>`}
        <ul class="il">${rows.map((row) => html`<li key=${row.id}><${Row} id=${row.id} current=${row.id === chosen.id} late=${Date.parse(row.due_at) < at} name=${shownName(row.client_name) ?? t("Clinic")}
          age=${due(row.due_at, at)} text=${told(row.label)} onChoose=${() => choose(row.id)} /></li>`)}</ul>
      </section>
      <div class="wr">
        ${gone && html`<p class="note" role="status">${t("The row that you had chosen is settled.")}</p>`}
        ${chosen && html`<${TaskObject} key=${chosen.id} task=${chosen} names=${names} at=${at} zone=${here.time_zone} open=${open} />`}
      </div>
    </div>
    <${Dialogs} dialog=${dialog} names=${names} here=${here} at=${at} done=${done} close=${close} />
  <//>`;
}

function KEYS() {
  return [["↑ ↓", t("Row before, row after")], ["s", t("What settles the row")], ["d", t("Done, with a note…")], ["v", t("Names as initials")]];
}

function Dialogs({ dialog, names, here, at, done, close }) {
  if (!dialog) return null;
  const common = { ...dialog, names, zone: here.time_zone, onDone: done, onClose: close };
  if (dialog.kind === "book") return html`<${Book} ...${common} here=${here} at=${at} />`;
  if (dialog.kind === "move") return html`<${Move} ...${common} />`;
  if (dialog.kind === "ride") return html`<${Ride} ...${common} />`;
  if (dialog.kind === "call") return html`<${CallClient} ...${common} />`;
  return html`<${Done} ...${common} />`;
}

begin(() => html`<${Todo} />`);
