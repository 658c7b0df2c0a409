// What the client takes, in their own words: the screening weighs it, and it joins their list when it is submitted.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Field } from "../care/parts.js";

export function Texts({ rows, set }) {
  const [text, type] = useState("");
  function add(event) {
    event.preventDefault();
    if (!text.trim()) return;
    set([...rows, { text: text.trim() }]);
    type("");
  }
  return html`<section class="card pad"><h3>${t("Medicines and what else is taken")}</h3>
    <ul class="lines">${rows.map((row, index) => html`<li key=${index}><span class="grow">${row.text}</span><button type="button" class="b s" onClick=${() => set(rows.filter((_, at) => at !== index))}>${t("Take it out")}<span class="vh">: ${row.text}</span></button></li>`)}</ul>
    <form class="addl" noValidate onSubmit=${add}><${Field} id="takes" label=${t("Name, dose and how often, as the client says it")} maxlength="300" value=${text} set=${type} /><button class="b"><${Icon} name="plus" />${t("Add")}<span class="vh"> ${t("the medicine")}</span></button></form>
    <p class="small quiet">${t("What stands on their list already is weighed as well.")}</p>
  </section>`;
}
