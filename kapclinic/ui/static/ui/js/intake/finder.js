// Whose intake: what clients answered, the screenings that are not submitted yet, or anybody by name.
import { get } from "../core/api.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has, place } from "../core/me.js";
import { words } from "../core/problem.js";
import { date, day } from "../core/time.js";
import { useStore } from "../core/store.js";
import { Answered } from "../answered/answered.js";
import { useLoaded } from "../care/loaded.js";
import { Field } from "../care/parts.js";

const PAUSE = 150;
const CLINICAL = ["nurse_practitioner", "therapist", "prescriber", "medical_director"];

export function Finder() {
  const here = useStore(place);
  const [text, set] = useState("");
  const [found, setFound] = useState({ rows: null, problem: null });
  useEffect(() => {
    if (text.trim().length < 2) {
      setFound({ rows: null, problem: null });
      return undefined;
    }
    let over = false;
    const timer = setTimeout(() => {
      get("clients/", { search: text.trim(), page_size: 12 }).then(
        ({ results }) => over || setFound({ rows: results, problem: null }),
        (problem) => over || setFound({ rows: null, problem }),
      );
    }, PAUSE);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [text]);
  return html`<div class="in-b narrow">
    <h1>${t("Intake")}</h1>
    <${Field} id="sought" type="search" label=${t("Name, MRN, phone or date of birth")} value=${text} set=${set} />
    ${found.problem && html`<p class="note high" role="alert">${words(found.problem)}</p>`}
    ${found.rows && !found.rows.length && html`<p>${t("Nobody by that name, number or date.")}</p>`}
    ${found.rows?.length > 0 && html`<ul class="results card">${found.rows.map((row) => html`<li key=${row.id}><${Hit} row=${row} /></li>`)}</ul>`}
    ${found.rows && has(...CLINICAL) && html`<p class="small"><a href="/clients/elsewhere">${t("At another location?")}</a></p>`}
    ${!found.rows && has(...CLINICAL) && html`<${Answered} place=${here} /><${Drafts} />`}
  </div>`;
}

function Hit({ row }) {
  const [said, say] = useState("");
  async function go() {
    try {
      const { results } = await get("programs/", { client: row.id, page_size: 1 });
      if (results.length) location.assign(`/intake/${results[0].id}`);
      else say(t("no course yet"));
    } catch (problem) {
      say(words(problem));
    }
  }
  return html`<div class="row"><button type="button" class="lnk grow" onClick=${go}>${row.chosen_name || row.legal_first_name} ${row.legal_last_name}</button>
    <span>${row.date_of_birth && date(row.date_of_birth)}</span><span class="quiet">${row.mrn}</span><span class="small" role="status">${said}</span></div>`;
}

/** Screenings that somebody began, here or by a link, and nobody submitted. */
function Drafts() {
  const drafts = useLoaded("drafts", () => namedDrafts());
  if (drafts.problem) return html`<p class="note high" role="alert">${words(drafts.problem)}</p>`;
  if (!drafts.data) return null;
  return html`<section class="stack"><h2>${t("Screenings that are not submitted")}</h2>
    ${drafts.data.length ? html`<ul class="results card">${drafts.data.map((row) => html`<li key=${row.id}><a href=${`/intake/${row.program}`}><b class="grow">${row.name}</b><span class="quiet">${t("begun {day}", { day: day(row.created_at, place.get().time_zone) })}</span></a></li>`)}</ul>` : html`<p class="quiet">${t("None: all that were begun are submitted.")}</p>`}
  </section>`;
}

async function namedDrafts() {
  const { results } = await get("screenings/", { status: "draft", page_size: 20 });
  const names = await Promise.all(results.map((row) => get(`clients/${row.client}/banner/`)));
  return results.map((row, index) => ({ ...row, name: names[index].name }));
}
