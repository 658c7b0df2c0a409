// The right side of the page: the one thing that is chosen, by its kind.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Review } from "./blocked.js";
import { Superbill } from "./issued.js";
import { JobObject } from "./jobs.js";
import { Bars, To } from "./parts.js";
import { Payment } from "./payments.js";
import { Preview } from "./preview.js";
import { Proposal } from "./proposal.js";
import { notice } from "./notice.js";
import { dayName, sessionName } from "./words.js";

/** The way to the client's account, beside each thing that is a client's. */
function Account({ client }) {
  return html`<a class="b s" href=${`/billing/clients/${client}`}><${Icon} name="people" />${t("Account")}</a>`;
}

/** @param {{work: any}} props */
export function Pane({ work }) {
  const { tab, current, gone, settling, nav } = work;
  if (settling) return html`<${Bars} />`;
  if (gone) return html`<${Settled} work=${work} />`;
  if (!current) return html`<p class="empty">${t("Choose a row: what it is about stands here.")}</p>`;
  const account = html`<${Account} client=${current.client?.id ?? current.client} />`;
  if (tab === "exports") return html`<${JobObject} key=${current.id} job=${current} nav=${nav} again=${work.jobs.again} />`;
  if (tab === "payments") return html`<${Payment} key=${current.id} row=${current} head=${account} />`;
  if (tab === "issued") return html`<${Bill} work=${work} account=${account} />`;
  if (!current.session?.id) return html`<${Review} key=${current.id} charge=${current} staff=${work.staff} head=${account} onDone=${work.settle} />`;
  if (current.state !== "charged" || nav.said.view === "rest") return html`<${Uncharged} work=${work} account=${account} />`;
  return html`<${Charged} work=${work} account=${account} />`;
}

/** The row that was chosen has left its list: it stays here as done until the person goes on. */
function Settled({ work }) {
  const { row, next } = work.gone;
  const client = row?.client?.id ?? row?.client;
  const name = row?.client?.name ?? row?.client_name;
  const day = row?.session?.date ?? row?.date_of_service ?? row?.issued_on ?? row?.received_on;
  const onward = next && (next.client?.name ?? next.client_name);
  return html`<div class="pc">
    ${name && html`<header class="row pvh"><h2 class="grow">${name} <span class="faint">${row.session?.kind ? `${sessionName(row.session)}, ` : ""}${day ? dayName(day) : ""}</span></h2><${Account} client=${client} /></header>`}
    <p class="note" role="status"><${Icon} name="ok" /><span class="grow">${row ? t("Done: it has left this list.") : t("This row is not in the list of these days.")}</span>
      ${next && html`<button type="button" class="b s" id="go-on" onClick=${() => work.open(next.session?.id ?? next.id)}>${onward ? t("Go on with {name}", { name: onward }) : t("Go on with the next row")}</button>`}</p>
  </div>`;
}

/** What is proposed for a session, or what of it was left when it was charged. */
function Uncharged({ work, account }) {
  const { current, nav } = work;
  const rest = nav.said.view === "rest";
  const back = rest && html`<${To} ...${nav} change=${{ view: null }}>${t("Back")}<//>`;
  const charged = (charges) => {
    if (rest) nav.go({ view: null });
    work.tell(notice([{ row: current, charges }]));
    work.settle();
  };
  return html`<${Proposal} key=${`${current.session.id} ${current.state}`} row=${current} staff=${work.staff} here=${work.here} hand=${work.hand} single=${!work.picked.ready.length} head=${html`${back}${account}`} onCharged=${charged} />`;
}

/** The paper of what a client was charged. */
function Charged({ work, account }) {
  const { current, lists } = work;
  const theirs = lists.charged.rows.filter((row) => row.client.id === current.client.id);
  const issued = (paper, differs) => {
    const first = t("Issued: superbill {number}.", { number: paper.number });
    work.tell({ words: differs ? `${first} ${t("It differs from the preview: something was booked meanwhile.")}` : first, change: { tab: "issued", row: paper.id, view: null } });
    work.settle();
  };
  return html`<${Preview} key=${current.client.id} client=${current.client.id} period=${work.period} location=${work.here.id} version=${JSON.stringify(theirs)} row=${current} head=${account} nav=${work.nav} onIssued=${issued} press=${work.press} />`;
}

function Bill({ work, account }) {
  const { current, nav } = work;
  const replaced = (paper) => {
    nav.go({ row: paper.id, only: null });
    work.tell({ words: t("Issued: superbill {number}.", { number: paper.number }) });
    work.settle();
  };
  return html`<${Superbill} key=${current.id} row=${current} head=${account} nav=${nav} press=${work.press} onIssued=${replaced} />`;
}
