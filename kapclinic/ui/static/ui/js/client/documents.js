// Papers: what was signed, what was put on file, and what is kept of each dose.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Foot, Paper, useList } from "../lists/list.js";
import { signedFor } from "../links/documents.js";
import { id, useStaff } from "./known.js";
import { documentName, stateName, when } from "./words.js";

const METHODS = { drawn: () => t("drawn"), typed: () => t("typed"), remote: () => t("typed at a distance") };

/** @param {{course: any, zone: string, clinical: boolean, turn: any}} props */
export function Documents({ course, zone, clinical, turn }) {
  const consents = useList("consents/", { client: id, ordering: "-created_at" }, turn);
  const staff = useStaff();
  return html`<section class="card" aria-labelledby="consents"><header><h2 id="consents">${t("Consents")}</h2></header>
      ${consents.rows?.length > 0 && html`<div class="scroll"><table class="list"><thead><tr><th>${t("Document")}</th><th>${t("State")}</th><th>${t("Signed")}</th><th>${t("By")}</th><th>${t("With")}</th><th></th></tr></thead>
        <tbody>${consents.rows.map((row) => html`<tr key=${row.id} class=${row.status === "revoked" ? "off" : ""}><td><b>${documentName(row.document)}</b> <span class="quiet">v${row.document_version}, ${row.language}</span></td><td>${stateName(row.status)} ${row.revoked_at && when(row.revoked_at, zone)}</td><td>${row.signed_at ? when(row.signed_at, zone) : "–"}</td><td>${row.signer_name} <span class="quiet">${[signedFor(row.signer_relationship), METHODS[row.method]?.()].filter(Boolean).join(", ")}</span></td><td>${staff.get(row.collected_by)}</td><td>${row.signed_at && html`<${Paper} small href=${`/api/v1/consents/${row.id}/pdf/`} />`}</td></tr>`)}</tbody></table></div>`}
      <${Foot} list=${consents} empty=${t("Nothing was put before this client yet.")} /></section>
    ${clinical && html`<${Files} zone=${zone} staff=${staff} turn=${turn} /><${Evidence} course=${course} zone=${zone} />`}`;
}

function Files({ zone, staff, turn }) {
  const files = useList(`clients/${id}/attachments/`, {}, turn);
  return html`<section class="card" aria-labelledby="files"><header><h2 id="files">${t("On file")}</h2></header>
    ${files.rows?.length > 0 && html`<div class="scroll"><table class="list"><thead><tr><th>${t("What it is")}</th><th class="num">${t("Size")}</th><th>${t("Put on file")}</th><th></th></tr></thead>
      <tbody>${files.rows.map((row) => html`<tr key=${row.id} class=${row.voided ? "off" : ""}><td><b>${row.title || row.file_name}</b> <span class="quiet">${row.title && row.file_name}</span>${row.voided && html` <span class="chip">${t("Voided")}</span>`}</td><td class="num">${Math.max(1, Math.round(row.size / 1024))} KB</td><td>${when(row.created_at, zone)} <span class="quiet">${staff.get(row.recorded_by)}</span></td><td>${!row.voided && html`<${Paper} small href=${`/api/v1/clients/${id}/attachments/${row.id}/file/`}>${t("Fetch the file")}<//>`}</td></tr>`)}</tbody></table></div>`}
    <${Foot} list=${files} empty=${t("Nothing is on file.")} /></section>`;
}

/** What a dose leaves behind: its order, gates, readings, drug and discharge on paper. */
function Evidence({ course, zone }) {
  const rows = (course?.sessions ?? []).filter((row) => row.dose).reverse();
  return html`<section class="card" aria-labelledby="evidence"><header><h2 id="evidence">${t("Evidence of each dose")}</h2></header>
    ${course && !rows.length && html`<p class="quiet pad">${t("No dose was given in this course.")}</p>`}
    <ul class="papers">${rows.map((row) => html`<li key=${row.id} class="row"><b>${t("Dose {n}", { n: row.number })}</b><span class="grow">${when(row.dose.at, zone)}</span><${Paper} small href=${`/api/v1/sessions/${row.id}/evidence/pdf/`} /></li>`)}</ul></section>`;
}
