// Links that were sent to a client: what each is for, how it stands, and what was answered and waits for a clinician.
import { all } from "../core/api.js";
import { announce } from "../core/announce.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { has } from "../core/me.js";
import { words } from "../core/problem.js";
import { Foot, useList } from "../lists/list.js";
import { Make } from "./make.js";
import { Taken } from "./taken.js";
import { aboutWhat, stateOf, when } from "./words.js";

export const SENDERS = ["front_desk", "nurse_practitioner", "therapist", "prescriber"];
const byId = (rows) => new Map(rows.map((row) => [row.id, row]));
const NOBODY = { consents: new Map(), sessions: new Map(), staff: new Map() };

/** What the ids of the links are called. A name that can't be had is left out: the link stands without it. */
function useNames(program, turn) {
  const [names, set] = useState(NOBODY);
  useEffect(() => {
    let over = false;
    const quietly = (asked) => asked.catch(() => []);
    Promise.all([quietly(all("consents/", { client: program.client })), quietly(all("sessions/", { program: program.id })), quietly(all("staff/", {}))]).then(
      ([consents, sessions, staff]) => over || set({ consents: byId(consents), sessions: byId(sessions), staff: byId(staff) }),
    );
    return () => {
      over = true;
    };
  }, [program.id, turn]);
  return names;
}

/** The link that the address names: whoever comes from their worklist sees its answers at once. */
const named = () => new URLSearchParams(location.search).get("link");

/** @param {{program: Api["ProgramOut"], zone: string, turn?: any}} props */
export function Links({ program, zone, turn = 0 }) {
  if (!program) return html`<p class="quiet pad">${t("A link is made for a course, and there is none yet.")}</p>`;
  return html`<${Sent} key=${program.id} program=${program} zone=${zone} turn=${turn} />`;
}

function Sent({ program, zone, turn }) {
  const [mine, turned] = useState(0);
  const list = useList("client-links/", { client: program.client, ordering: "-created_at" }, `${turn} ${mine}`);
  const names = useNames(program, mine);
  const [making, make] = useState(false);
  const [open, set] = useState(named);
  const again = () => turned((n) => n + 1);
  const write = useWrite(() => (announce(t("The link is taken back.")), again()));
  const chosen = list.rows?.find((row) => row.id === open && row.answer && row.allowed_moves.includes("take_over"));
  return html`<section class="card lks" aria-labelledby="links"><header class="row wrap"><h2 id="links" class="grow">${t("Links sent to the client")}</h2>
      ${has(...SENDERS) && html`<button type="button" class="b go" onClick=${() => make(true)}><${Icon} name="plus" />${t("Make a link")}</button>`}</header>
    ${write.problem && html`<p class="note high" role="alert"><${Icon} name="warn" /><span>${words(write.problem)}</span></p>`}
    <ul>${(list.rows ?? []).map((row) => html`<li key=${row.id} class="row wrap"><div class="grow"><b>${aboutWhat(row, names, zone)}</b> <${State} row=${row} zone=${zone} names=${names} /><br />
        <span class="small quiet">${t("Sent {time}", { time: when(row.created_at, zone) })}${names.staff.has(row.created_by) && `, ${names.staff.get(row.created_by).name}`}${row.tries > 0 && ` · ${t("{n} of 5 wrong dates of birth", { n: row.tries })}`}</span></div>
      ${row.purpose === "intake" && row.taken_at && html`<a class="b" href=${`/intake/${row.program}`}>${t("Go to the screening")}</a>`}
      ${row.allowed_moves.includes("take_over") && html`<button type="button" class="b" onClick=${() => set(row.id)}>${t("Look, and take over…")}<span class="vh">: ${aboutWhat(row, names, zone)}</span></button>`}
      ${row.state === "live" && row.allowed_moves.includes("revoke") && html`<button type="button" class="b" aria-disabled=${write.busy ? "true" : undefined} onClick=${() => write.write(`client-links/${row.id}/revoke/`, {})}>${t("Take back")}<span class="vh">: ${aboutWhat(row, names, zone)}</span></button>`}</li>`)}</ul>
    <${Foot} list=${list} empty=${t("No link was sent yet.")} />
    ${making && html`<${Make} program=${program} zone=${zone} onMade=${again} onClose=${() => make(false)} />`}
    ${chosen && html`<${Taken} row=${chosen} title=${aboutWhat(chosen, names, zone)} zone=${zone} onDone=${() => (set(null), again())} onClose=${() => set(null)} />`}
  </section>`;
}

/** What somebody has to look at is said loudest. */
function State({ row, zone, names }) {
  const waits = row.allowed_moves.includes("take_over");
  return html`<span class=${waits || row.state === "locked" ? "chip med" : "chip"}><${Icon} name=${row.state === "live" ? "wait" : row.state === "used" ? "ok" : "x"} />${stateOf(row, zone)}</span>
    ${row.taken_at && html` <span class="small quiet">${t("taken over {time}", { time: when(row.taken_at, zone) })} ${names.staff.get(row.taken_by)?.name}</span>`}`;
}
