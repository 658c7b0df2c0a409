// What cannot be billed yet, and whose word it waits for: sessions that lack something, and charges dearer than the list.
import { announce } from "../core/announce.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { plain } from "../core/cents.js";
import { hrefOf } from "./known.js";
import { More, Refused, Row, Stand, servicesName, together, useSteps } from "./parts.js";
import { Whom, isMine } from "./who.js";
import { blockerName, dayName, sessionName } from "./words.js";

/** @param {{blocked: any, review: any, current: any, staff: Map<string, any>, said: object, open: (id: string, step?: boolean) => void}} props */
export function Blocked({ blocked, review, current, staff, said, open }) {
  const ids = [...review.rows.map((row) => row.id), ...blocked.rows.map((row) => row.session.id)];
  useSteps(ids, current?.session?.id ?? current?.id, (id) => open(id, true));
  const none = blocked.data && review.data && !ids.length;
  const link = (id) => ({ id, href: hrefOf(said, { row: id }), open });
  return html`<div class="scr" tabindex="0" role="region" aria-label=${t("Blocked")}>
    <${Stand} list=${together([review, blocked])} />
    ${none && html`<p class="empty">${t("Nothing is held back in these days.")}</p>`}
    ${ids.length > 0 && html`<table class="list">
      <thead><tr><th>${t("Day")}</th><th>${t("Client")}</th><th>${t("Session and code")}</th><th class="num wide">${t("Fees")}</th><th>${t("What stops it")}</th></tr></thead>
      ${review.rows.length > 0 && html`<tbody><tr class="grp"><th colspan="5" scope="rowgroup">${t("Dearer than the list")} <small>${review.count}</small></th></tr>
        ${review.rows.map((row) => html`<${Row} key=${row.id} ...${link(row.id)} current=${current === row} first=${html`<td class="nowrap">${dayName(row.date_of_service)}</td>`} name=${row.client_name}>
          <td>${row.session_kind ? sessionName({ kind: row.session_kind, number: row.session_number }) : row.label} <span class="faint nowrap">${row.code}</span></td>
          <td class="num wide">${plain(row.amount)}</td><td class="st"><span class="blk"><${Icon} name="x" /><span>${t("Medical director")}</span></span></td>
        <//>`)}</tbody>`}
      ${blocked.rows.length > 0 && html`<tbody><tr class="grp"><th colspan="5" scope="rowgroup">${t("Something stops them")} <small>${blocked.count}</small></th></tr>
        ${blocked.rows.map((row) => html`<${Row} key=${row.session.id} ...${link(row.session.id)} current=${current === row} first=${html`<td class="nowrap">${dayName(row.session.date)}</td>`} name=${row.client.name}>
          <td>${sessionName(row.session)} <span class="faint nowrap">${servicesName(row.services)}</span></td>
          <td class="num wide">${row.services.length ? plain(row.totals.amount) : "–"}</td>
          <td class="st">${row.blockers.map((one) => html`<span class="blk" key=${one.code + one.detail}><${Icon} name="x" /><a class="open" href=${hrefOf(said, { row: row.session.id })}>${blockerName(one, staff)}</a></span>`)}</td>
        <//>`)}</tbody>`}
    </table>`}
    <${More} list=${blocked} /><${More} list=${review} />
  </div>`;
}

/** A charge above the fee: the director confirms it with a reason, or whoever bills reverses it with one. */
export function Review({ charge, staff, head, onDone }) {
  const [reason, set] = useState("");
  const write = useWrite((answer) => {
    announce(answer.reverses ? t("The charge is reversed") : t("The amount is confirmed"));
    onDone();
  });
  const waits = { who_can_clear: ["medical_director"] };
  const [mine, may] = [isMine(waits), (move) => charge.allowed_moves.includes(move)];
  const act = (verb) => () => {
    if (reason.trim().length < 3) document.getElementById("review-why")?.focus();
    else write.write(`charges/${charge.id}/${verb}/`, { reason: reason.trim() });
  };
  return html`<div class="pc">
    <header class="row pvh"><h2 class="grow">${charge.client_name} <span class="faint">${charge.code}, ${dayName(charge.date_of_service)}</span></h2>${head}</header>
    <div class="pb"><div class="card inner">
      <dl class="dl"><dt>${t("Session and code")}</dt><dd>${charge.code} ${charge.label} × ${charge.units}</dd>
        <dt>${t("On the books")}</dt><dd><b>${plain(charge.amount)}</b></dd>
        <dt>${t("Fee of one unit")}</dt><dd>${plain(charge.unit_amount)}</dd>
        <dt>${t("The reason")}</dt><dd>${charge.amount_reason || t("None was given.")}</dd>
        ${charge.rendering_as && html`<dt>${t("Clinician")}</dt><dd>${charge.rendering_as.name}</dd>`}</dl>
      <p>${t("It stands on no paper until the medical director confirms it.")}</p>
      ${!mine && html`<${Whom} blocker=${waits} staff=${staff} />`}
      <div class="f"><label for="review-why">${t("The reason")}</label><input id="review-why" autocomplete="off" maxlength="1000" value=${reason} onInput=${(event) => set(event.target.value)} /><span class="hint">${t("At least three letters; it is kept with the charge.")}</span></div>
      <${Refused} problem=${write.problem} />
      <footer class="row wrap"><span class="grow"></span>
        ${may("reverse") && html`<button type="button" class="b" aria-disabled=${write.busy ? "true" : undefined} onClick=${act("reverse")}>${t("Reverse the charge")}</button>`}
        ${may("confirm") && html`<button type="button" class="b go" aria-disabled=${write.busy ? "true" : undefined} onClick=${act("confirm")}>${write.busy ? t("Saving…") : t("Confirm the amount")}</button>`}</footer>
    </div></div>
  </div>`;
}
