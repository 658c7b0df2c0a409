// What takes two people: one asked for it, and another one approves or declines. Who, of whom, why, and what follows.
import { announce } from "../core/announce.js";
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { me } from "../core/me.js";
import { words } from "../core/problem.js";
import { now } from "../core/time.js";
import { Chosen, when } from "../desk/parts/pane.js";
import { overOf, reasonNot } from "./pairs.js";

const KINDS = {
  reset: {
    path: "second-factor-resets",
    name: () => t("Reset of the second factor"),
    who: () => t("Neither who asked nor the person concerned approves, and one of the two is an administrator."),
    after: () => t("Once it is approved, their authenticator apps, passkeys and recovery codes are gone, and they are signed out everywhere. Private notes of theirs are sealed until they or two people open them. They are told by e-mail."),
  },
  opening: {
    path: "private-note-openings",
    name: () => t("Opening of sealed private notes"),
    who: () => t("An administrator and a medical director open them together: neither of them the author."),
    after: () => t("Once it is approved, the author reads their own private notes again, and nobody else does. They were told by e-mail that it was asked for, and are told when it is done."),
  },
};

export function askedName(row) {
  return KINDS[row.kind].name();
}

const STATES = { approved: () => t("Approved"), declined: () => t("Not approved") };

/** How it stands, in a word. */
export function askedState(row) {
  if (overOf(row, now())) return t("Expired: ask for a new one");
  return row.state === "asked" ? t("Waits for a second person") : STATES[row.state]();
}

/** @param {{row: any, data: any, zone: string, again: () => void, tell: (words: string) => void}} props */
export function Asked({ row, data, zone, again }) {
  const kind = KINDS[row.kind];
  const write = useWrite((made) => (announce(made.state === "approved" ? t("It is approved.") : t("It is declined.")), again()));
  const waits = row.state === "asked" && !overOf(row, now());
  const not = reasonNot(row, data.staff, me.get());
  const mine = row.created_by === me.get().id;
  const act = (verb) => write.write(`${kind.path}/${row.id}/${verb}/`, {});
  const declines = waits && !(row.kind === "opening" && row.user === me.get().id);
  const foot = declines && html`${!not && html`<button type="button" class="b go" aria-disabled=${write.busy ? "true" : undefined} onClick=${() => act("approve")}><${Icon} name="ok" />${write.busy ? t("Saving…") : t("Approve it, as the second person")}</button>`}
    <button type="button" class="b" aria-disabled=${write.busy ? "true" : undefined} onClick=${() => act("decline")}>${mine ? t("Take it back") : t("Decline it")}</button>`;
  return html`<${Chosen} title=${row.name} aside=${html`<span class=${waits ? "chip med" : "chip"}><${Icon} name=${waits ? "wait" : row.state === "approved" ? "ok" : "x"} />${askedState(row)}</span>`} foot=${foot}>
    <p class="what">${kind.name()}</p>
    <dl class="dl"><dt>${t("Why it is asked")}</dt><dd>${row.reason}</dd><dt>${t("Who asked for it")}</dt><dd>${data.names.get(row.created_by) ?? "–"}, ${when(row.created_at, zone)}</dd>
      ${row.decided_at && html`<dt>${row.state === "approved" ? t("Approved by") : t("Declined by")}</dt><dd>${data.names.get(row.decided_by) ?? "–"}, ${when(row.decided_at, zone)}</dd>`}
      ${row.sealed_at && html`<dt>${t("Sealed since")}</dt><dd>${when(row.sealed_at, zone)}</dd>`}</dl>
    ${waits && html`<p>${kind.after()}</p><p class="small quiet">${kind.who()} ${t("It can be decided for two days.")}</p>`}
    ${waits && not && html`<p class="note"><${Icon} name="info" /><span>${not}</span></p>`}
    ${write.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(write.problem)}</span></p>`}
  <//>`;
}
