// /director: how the clinic stands. Each figure has its rows behind it.
import { useAddress } from "../lists/address.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { place } from "../core/me.js";
import { usePoll } from "../core/poll.js";
import { useStore } from "../core/store.js";
import { date } from "../core/time.js";
import { begin, Frame } from "../frame/frame.js";
import { useNow } from "../frame/net.js";
import { Alarms } from "./alarms.js";
import { Asked } from "./asked.js";
import { Drugs } from "./drugs.js";
import { Answer, Glasses } from "./glasses.js";
import { Integration } from "./integration.js";
import { periodOf, useReport } from "./known.js";
import { NotesCard } from "./notes.js";
import { Protocols } from "./protocols.js";
import { Waiting } from "./waiting.js";

const Rows = lazy(() => import("./rows.js"), "Rows");
const Override = lazy(() => import("./acts.js"), "Override");
const Outcomes = lazy(() => import("./outcomes.js"), "Outcomes", { early: true, pane: true });
const Approve = lazy(() => import("./acts.js"), "Approve");

const PERIODS = () => [[4, t("4 weeks")], [8, t("8 weeks")], [52, t("Year")]];
const SECONDS = 30;

function Director() {
  const here = useStore(place);
  const [said, go] = useAddress();
  const [dialog, open] = useState(null);
  const [turn, turned] = useState(0);
  const at = useNow(30000);
  const zone = here.time_zone;
  const weeks = PERIODS().find(([n]) => String(n) === said.weeks)?.[0] ?? 8;
  const asked = { ...periodOf(weeks, zone), location: here.id };
  const held = () => dialog?.kind ?? null;
  const polls = {
    alarms: usePoll("alarms/", { state: "open", location: here.id, page_size: 50 }, SECONDS, held),
    alerts: usePoll("safety-alerts/", { status: "open", location: here.id, page_size: 50 }, SECONDS, held),
    decisions: usePoll("decisions/", { location: here.id, page_size: 50 }, SECONDS, held),
    overdue: usePoll("tasks/", { state: "open", location: here.id, ordering: "due_at", page_size: 100 }, SECONDS, held),
    missing: usePoll("drug-discrepancies/", { location: here.id, page_size: 50 }, SECONDS, held),
    glasses: usePoll("break-glass/", { reviewed: false, location: here.id, page_size: 20 }, SECONDS, held),
    resets: usePoll("second-factor-resets/", { state: "asked", page_size: 20 }, SECONDS, held),
    openings: usePoll("private-note-openings/", { state: "asked", page_size: 20 }, SECONDS, held),
    drafts: usePoll("protocols/", { status: "draft", page_size: 50 }, SECONDS, held),
  };
  const integration = useReport("reports/integration/", asked, turn);
  const notes = useReport("reports/notes/", asked, turn);
  const alarms = useReport("reports/alarms/", asked, turn);
  const again = () => turned((n) => n + 1);
  const all = () => (again(), Object.values(polls).forEach((poll) => poll.again()));
  const done = () => (open(null), polls.decisions.release(), polls.decisions.again(), polls.glasses.release(), polls.glasses.again(), polls.drafts.release(), polls.drafts.again());
  const close = () => (open(null), Object.values(polls).forEach((poll) => poll.release()));
  useKeys({ p: () => window.print(), r: all });
  return html`<${Frame} current="director" count=${{ safe: polls.missing.data?.results.filter((row) => row.state === "open").length }} keys=${[["r", t("Ask for all of it again")], ["p", t("Print the page")]]}>
    <div class="dir">
      <header class="dhd"><h1>${t("How the clinic stands")}</h1><span class="quiet">${PERIODS().find(([n]) => n === weeks)[1]} ${t("to today")} · ${here.name}<span class="onpaper"> · ${date(asked.to)}</span></span><span class="grow"></span>
        <div class="row wrap"><a class="b s" href="/director/texts">${t("Texts that clients sign")}</a><div class="seg" role="group" aria-label=${t("Period")}>${PERIODS().map(([n, label]) => html`<button type="button" key=${n} aria-pressed=${n === weeks} onClick=${() => go({ weeks: n === 8 ? null : String(n) })}>${label}</button>`)}</div>
        <button type="button" class="b s" onClick=${() => window.print()}><${Icon} name="print" />${t("Print")} <kbd>p</kbd></button></div></header>
      <${Integration} report=${integration} weeks=${weeks} open=${open} again=${again} />
      <${Alarms} alarms=${polls.alarms} alerts=${polls.alerts} report=${alarms} at=${at} zone=${zone} open=${open} />
      <${Waiting} decisions=${polls.decisions} overdue=${polls.overdue} said=${said} at=${at} go=${go} open=${open} />
      <${Drugs} missing=${polls.missing} at=${at} zone=${zone} />
      <div class="rt"><${Asked} resets=${polls.resets} openings=${polls.openings} at=${at} /><${Glasses} glasses=${polls.glasses} at=${at} open=${open} /><${NotesCard} report=${notes} at=${at} open=${open} again=${again} /><${Protocols} drafts=${polls.drafts} open=${open} /></div>
      <${Outcomes} asked=${asked} turn=${turn} said=${said} go=${go} open=${open} again=${again} />
    </div>
    ${dialog?.kind === "override" && html`<${Override} id=${dialog.id} zone=${zone} onDone=${done} onClose=${close} />`}
    ${dialog?.kind === "glass" && html`<${Answer} row=${dialog.row} zone=${zone} onDone=${done} onClose=${close} />`}
    ${dialog?.kind === "approve" && html`<${Approve} row=${dialog.row} onDone=${done} onClose=${close} />`}
    ${dialog?.rows && html`<${Rows} ...${dialog} zone=${zone} onClose=${close} />`}
  <//>`;
}

begin(() => html`<${Director} />`);
