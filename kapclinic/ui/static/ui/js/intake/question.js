// One question of the screening: yes, no or not known; with a note, and a degree where the condition has more than one.
import { html, useState } from "../core/h.js";
import { t, told } from "../core/i18n.js";

const CHOICES = () => [[false, t("No")], [true, t("Yes")], ["unknown", t("Not known")]];
const DEGREES = { absolute: () => t("absolute"), relative: () => t("relative"), info: () => t("info"), unknown: () => t("unknown") };

const whole = (answer) => (answer !== null && typeof answer === "object" ? answer : { value: answer });

export function valueOf(answer) {
  return whole(answer).value;
}

/** "Yes: told on the phone" */
export function answerWord(answer) {
  const { value, note } = whole(answer);
  const word = CHOICES().find(([one]) => one === value)?.[1] ?? t("left out");
  return note ? `${word}: ${note}` : word;
}

/** @param {{condition: Api["ConditionOut"], answer: any, set: (answer: any) => void}} props */
export function Question({ condition, answer, set }) {
  const { code, degrees } = condition;
  const label = told(condition.label);
  const said = whole(answer);
  const [noting, note] = useState(!!said.note);
  const [typed, type] = useState(said.note ?? "");
  const yes = said.value === true;
  const write = (more) => {
    const next = { ...said, note: typed.trim(), ...more };
    const degree = next.value === true && next.note ? next.degree : undefined;
    if (!next.note && !degree) return set(next.value);
    return set({ value: next.value, ...(next.note ? { note: next.note } : {}), ...(degree ? { degree } : {}) });
  };
  const open = noting || yes || said.value === "unknown";
  return html`<li class=${yes ? "yes" : ""} id=${`q-${code}`}>
    <fieldset><legend>${label}</legend>
      <div class="tri">${CHOICES().map(([value, word]) => html`<label key=${word} class=${said.value === value ? "opt on" : "opt"}><input type="radio" class="vh" name=${code} checked=${said.value === value} onChange=${() => write({ value })} />${word}</label>`)}</div>
    </fieldset>
    ${open && said.value !== undefined
      ? html`<div class="two"><div class="f"><label for=${`n-${code}`}>${t("Note")}<span class="vh">: ${label}</span></label><input id=${`n-${code}`} autocomplete="off" maxlength="1000" value=${typed} onInput=${(event) => type(event.target.value)} onChange=${(event) => write({ note: event.target.value.trim() })} /></div>
        ${yes && degrees.length > 0 && html`<div class="f"><label for=${`d-${code}`}>${t("How bad, when it is not as usual")}</label><select id=${`d-${code}`} value=${said.degree ?? ""} disabled=${typed.trim() ? undefined : true} onChange=${(event) => write({ degree: event.target.value || undefined })}>
          <option value="">${t("as usual")}</option>${degrees.map((one) => html`<option key=${one} value=${one}>${DEGREES[one]?.() ?? one}</option>`)}</select>${!typed.trim() && html`<span class="hint">${t("A degree comes with a note.")}</span>`}</div>`}</div>`
      : said.value !== undefined && html`<button type="button" class="lnk small" onClick=${() => note(true)}>${t("Add a note")}<span class="vh">: ${label}</span></button>`}
  </li>`;
}
