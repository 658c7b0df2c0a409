// The client's list of medicines: what is added is looked up, and what is not recognised says so, with names nearly alike.
import { all } from "../core/api.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { has } from "../core/me.js";
import { words } from "../core/problem.js";
import { dayIn, instant, now } from "../core/time.js";
import { useLoaded } from "../care/loaded.js";
import { Field, Refusal } from "../care/parts.js";
import { Dialog } from "../core/dialog.js";
import { when } from "../care/who.js";

export function Medicines({ about }) {
  const loaded = useLoaded(`medicines ${about.client}`, () => all("medications/", { client: about.client }));
  const [text, type] = useState("");
  const [ending, end] = useState(null);
  const write = useWrite(() => (type(""), loaded.again()));
  const rows = /** @type {Api["MedicationOut"][]} */ (loaded.data ?? []);
  function add(event) {
    event.preventDefault();
    if (text.trim()) write.write("medications/", { client: about.client, text: text.trim() });
  }
  return html`<div class="stack narrow">
    <h2 class="h1">${t("Medicines")}</h2>
    ${loaded.problem && html`<p class="note high" role="alert">${words(loaded.problem)}</p>`}
    <form class="addl" noValidate onSubmit=${add}><${Field} id="medicine" label=${t("Name, dose and how often, as the client says it")} maxlength="300" value=${text} set=${type} /><button class="b go" aria-disabled=${write.busy ? "true" : undefined}><${Icon} name="plus" />${write.busy ? t("Sending") : t("Add")}</button></form>
    <${Refusal} problem=${write.problem} />
    <ul class="lines">${rows.filter((row) => !row.ended_at).map((row) => html`<${Medicine} key=${row.id} row=${row} again=${loaded.again} fill=${type} onEnd=${() => end(row)} />`)}</ul>
    ${loaded.data && !rows.some((row) => !row.ended_at) && html`<p class="quiet">${t("None is written down.")}</p>`}
    ${rows.some((row) => row.ended_at) && html`<details><summary>${t("Ended")}</summary><ul class="lines">${rows.filter((row) => row.ended_at).map((row) => html`<li key=${row.id}><span class="grow">${row.text}</span><span class="quiet small">${when(row.ended_at, about.zone)}${row.review && `: ${row.review}`}</span></li>`)}</ul></details>`}
    ${ending && html`<${Ending} row=${ending} zone=${about.zone} onDone=${() => (end(null), loaded.again())} onClose=${() => end(null)} />`}
  </div>`;
}

function Medicine({ row, again, fill, onEnd }) {
  const write = useWrite(() => again());
  const name = (one) =>
    has("prescriber")
      ? write.write(`medications/${row.id}/map/`, { ingredients: one.ingredients, reason: t("The client meant {name}.", { name: one.name }) })
      : fill(row.text.replace(one.written, one.name));
  return html`<li class="top"><div class="grow stack"><b>${row.text}</b>
      <span class="small">${row.is_mapped ? html`<span class="quiet">${row.classes.map((one) => one.replaceAll("_", " ")).join(", ")}</span>` : html`<span class="low-t">${t("not recognised")}</span>`}</span>
      ${row.suggestions.length > 0 && html`<div class="row wrap small"><span class="quiet">${t("Spelled nearly so:")}</span>${row.suggestions.map((one) => html`<button key=${one.name} type="button" class="b s" onClick=${() => name(one)}>${one.name}</button>`)}</div>`}
      <${Refusal} problem=${write.problem} /></div>
    <button type="button" class="b s" onClick=${onEnd}>${t("Ended")}<span class="vh">: ${row.text}</span></button></li>`;
}

function Ending({ row, zone, onDone, onClose }) {
  const today = dayIn(now(), zone);
  const [since, set] = useState(today);
  const write = useWrite(onDone);
  function send(event) {
    event.preventDefault();
    if (!since) return undefined;
    const at = new Date(Math.min(now(), instant(since, "12:00", zone))).toISOString();
    return write.write(`medications/${row.id}/`, { ended_at: at }, { method: "PATCH", match: `"${row.version}"` });
  }
  return html`<${Dialog} title=${t("The client takes it no longer")} onClose=${onClose}>
    <form noValidate onSubmit=${send}><div class="db"><p>${row.text}</p>
      <${Field} id="end-day" type="date" label=${t("Last taken on")} max=${today} value=${since} set=${set} wrong=${since ? "" : t("Choose the day.")} />
      <${Refusal} problem=${write.problem} /></div>
      <div class="df"><button class="b go" aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Sending") : t("Write it down")}</button></div></form>
  <//>`;
}
