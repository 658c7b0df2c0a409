// Finding a client: after two letters, 150 ms after the last one.
import { get } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has } from "../core/me.js";
import { words } from "../core/problem.js";
import { date } from "../core/time.js";

const PAUSE = 150;
const PLANNERS = ["front_desk", "nurse_practitioner", "therapist", "prescriber", "medical_director"];
const CLINICIANS = ["nurse_practitioner", "therapist", "prescriber", "medical_director"];

export function Search({ onClose, open = has(...CLINICIANS) ? page : has("billing") ? account : undefined }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState({ rows: null, problem: null });
  useEffect(() => {
    if (text.trim().length < 2) {
      setFound({ rows: null, problem: null });
      return undefined;
    }
    let over = false;
    const timer = setTimeout(async () => {
      try {
        const { results } = await get("clients/", { search: text.trim(), page_size: 12 });
        if (!over) setFound({ rows: results, problem: null });
      } catch (problem) {
        if (!over) setFound({ rows: null, problem });
      }
    }, PAUSE);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [text]);
  return html`<${Dialog} title=${t("Find a client")} onClose=${onClose}>
    <div class="db f">
      <label for="sought">${t("Name, MRN, phone or date of birth")}</label>
      <input id="sought" type="search" autocomplete="off" autofocus value=${text} onInput=${(e) => setText(e.target.value)} />
      ${found.problem && html`<p class="err" role="alert">${words(found.problem)}</p>`}
      ${found.rows && !found.rows.length && html`<p>${t("Nobody by that name, number or date.")}</p>`}
      ${found.rows && has(...CLINICIANS) && html`<p class="small"><a href="/clients/elsewhere">${t("At another location?")}</a></p>`}
      ${found.rows && has("front_desk", "medical_director") && html`<p><a class="b s" href="/desk/schedule?new=client">${t("New client")}</a></p>`}
    </div>
    <ul class="results">
      ${(found.rows ?? []).map((row) => html`<li key=${row.id}><${Hit} row=${row} open=${open} /></li>`)}
    </ul>
  <//>`;
}

/** Whoever treats comes to the client's own page. */
function page(row) {
  return `/clients/${row.id}`;
}

/** Whoever bills comes to what the client owes. */
function account(row) {
  return `/billing/clients/${row.id}`;
}

function Hit({ row, open }) {
  const name = row.chosen_name ? `${row.chosen_name} (${row.legal_first_name})` : row.legal_first_name;
  const line = html`<b class="grow">${name} ${row.legal_last_name}</b>
    <span>${row.date_of_birth && date(row.date_of_birth)}</span><span class="quiet">${row.mrn}</span>`;
  const address = open?.(row);
  if (address) return html`<a href=${address}>${line}</a>`;
  return html`<div class="row">${line}${has(...PLANNERS) && html`<${Course} client=${row.id} />`}</div>`;
}

/** The ways to a client's newest course, its intake and its plan: who it is, the address does not say. */
function Course({ client }) {
  const [said, say] = useState("");
  async function go(address) {
    try {
      const { results } = await get("programs/", { client, page_size: 1 });
      if (results.length) location.assign(address(results[0].id));
      else say(t("no course yet"));
    } catch (problem) {
      say(words(problem));
    }
  }
  return html`<button type="button" class="b s" onClick=${() => go((id) => `/intake/${id}`)}>${t("Intake")}</button>
    <button type="button" class="b s" onClick=${() => go((id) => `/programs/${id}/plan`)}>${t("Course plan")}</button><span class="small" role="status">${said}</span>`;
}
