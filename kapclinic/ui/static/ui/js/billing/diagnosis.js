// The diagnosis of a course, set by whoever may: somebody else may be at it, too.
import { call } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { words } from "../core/problem.js";
import { Refused } from "./parts.js";

/** @param {{program: string, onDone: () => void, onClose: () => void}} props */
export function Diagnosis({ program, onDone, onClose }) {
  const [known, set] = useState({ tag: "", was: "", problem: null });
  const [code, type] = useState("");
  const write = useWrite(onDone);
  const load = async () => {
    write.clear();
    try {
      const { data, tag } = await call("GET", `programs/${program}/`);
      set({ tag, was: data.diagnosis, problem: null });
    } catch (problem) {
      set({ tag: "", was: "", problem });
    }
  };
  useEffect(() => {
    load();
  }, [program]);
  const save = (event) => {
    event.preventDefault();
    if (known.tag) write.write(`programs/${program}/`, { diagnosis: code.trim().toUpperCase() }, { method: "PATCH", match: known.tag });
  };
  return html`<${Dialog} title=${t("Diagnosis of the course")} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        ${known.was && html`<p>${t("It is {code} now.", { code: known.was })}</p>`}
        ${known.problem && html`<p class="note high" role="alert">${words(known.problem)}</p>`}
        <div class="f"><label for="dx">${t("ICD-10-CM, such as F33.2")}</label><input id="dx" autocomplete="off" required autofocus maxlength="8" value=${code} onInput=${(event) => type(event.target.value)} /></div>
        <${Refused} problem=${write.problem}>${write.problem?.status === 412 && html`<p><button type="button" class="b s" onClick=${load}>${t("Look again")}</button></p>`}<//>
      </div>
      <div class="df"><button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
        <button class="b go" aria-disabled=${write.busy || !known.tag ? "true" : undefined}>${write.busy ? t("Saving…") : t("Set the diagnosis")}</button></div>
    </form>
  <//>`;
}
