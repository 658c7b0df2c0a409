// A note that is not one's own draft: what it says, who signed it, what was added, and what may still be done with it.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, dayIn, dayShort } from "../core/time.js";
import { Head } from "./head.js";
import { frameName, namesOf, sectionName } from "./words.js";

const when = (moment, zone) => `${dayShort(dayIn(moment, zone))} ${clock(moment, zone)}`;

/** @param {{note: any, besides: any, zone: string, at: number, open: (dialog: object) => void, onBack: () => void}} props */
export function Signed({ note, besides, zone, at, open, onBack }) {
  const may = (move) => note.allowed_moves.includes(move);
  return html`<section class="ed signed" aria-labelledby="what">
    <${Head} note=${note} besides=${besides} zone=${zone} at=${at} onBack=${onBack} />
    <div class="save"><${State} note=${note} zone=${zone} /></div>
    <div class="secs">
      ${note.sections ? html`<${Words} note=${note} />` : html`<p class="note"><${Icon} name="lock" />${t("An unsigned draft of {name}. Its words are theirs until it is signed.", { name: note.author_name })}</p>`}
      ${note.returns.map((row) => html`<p class="note" key=${row.at}><span><b>${t("{name} gave it back {when}", { name: row.by_name, when: when(row.at, zone) })}</b><br />${row.comment}</span></p>`)}
      <${Signatures} note=${note} zone=${zone} />
      ${note.addenda.map((row) => html`<section class="sec" key=${row.id}><h2>${t("Addendum, {when}", { when: when(row.created_at, zone) })}</h2><p class="small quiet">${row.reason}</p><p class="wds">${row.text}</p><p class="small quiet">${row.signature}</p></section>`)}
    </div>
    ${note.allowed_moves.length > 0 && html`<footer class="ef"><span class="grow small quiet">${may("cosign") && t("Read it whole: your signature stands under it.")}</span>
      ${may("discard") && html`<button type="button" class="b" onClick=${() => open({ kind: "discard" })}>${t("Discard…")}</button>`}
      ${may("return") && html`<button type="button" class="b" onClick=${() => open({ kind: "return" })}>${t("Give it back…")}</button>`}
      ${may("cosign") && html`<button type="button" class="b go" onClick=${() => open({ kind: "cosign" })}><${Icon} name="lock" />${t("Co-sign…")}</button>`}
      ${may("addenda") && html`<button type="button" class="b go" onClick=${() => open({ kind: "addenda" })}><${Icon} name="plus" />${t("Add an addendum…")}</button>`}
    </footer>`}
  </section>`;
}

function State({ note, zone }) {
  const told = {
    signed: () => [t("Signed and locked {when}", { when: when(note.signed_at, zone) }), "lock"],
    cosign_pending: () => [t("Signed {when}, waits for a second signature", { when: when(note.signed_at, zone) }), "wait"],
    draft: () => [t("Not signed"), "pen"],
    discarded: () => [t("Discarded: it counts for nothing"), "x"],
  }[note.status]();
  return html`<span class="chip"><${Icon} name=${told[1]} />${told[0]}</span><span class="small faint">${note.sections && frameName(note.frame)}</span>`;
}

/** The words as they stand, section by section. @param {{note: {frame: string, sections: Record<string, string>}}} props */
export function Words({ note }) {
  return html`${namesOf(note).map((name) => html`<section class="sec" key=${name}><h2>${sectionName(name)}</h2><p class="wds">${note.sections[name] || html`<span class="faint">${t("no words")}</span>`}</p></section>`)}`;
}

function Signatures({ note, zone }) {
  if (!note.signed_at) return null;
  const { service_started_at: from, service_ended_at: to, signed_as: as } = note;
  const line = as ? [as.name, as.credentials, as.license && t("license {number}", { number: as.license }), as.npi && `NPI ${as.npi}`].filter(Boolean).join(", ") : note.signature;
  return html`<section class="sec"><h2>${t("Signatures")}</h2><dl class="dl">
    <dt>${t("Author")}</dt><dd>${line}<br /><span class="small quiet">${when(note.signed_at, zone)}</span></dd>
    ${note.cosigned_at && html`<dt>${t("Co-signature")}</dt><dd>${note.cosignature}<br /><span class="small quiet">${when(note.cosigned_at, zone)}</span></dd>`}
    ${from && html`<dt>${t("Care")}</dt><dd>${when(from, zone)}${to && `–${clock(to, zone)}`}</dd>`}
    ${note.covering_reason && html`<dt>${t("In the place of who was there")}</dt><dd>${note.covering_reason}</dd>`}
  </dl></section>`;
}
